"""Runs the sequences of one context: each step computes one batch for all of them and samples their next tokens."""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engines.inference.worker.llama.llama_context import ABORTED, DECODED, NO_ROOM, Context
from engines.inference.worker.llama.model import AbortFlag, Model
from engines.inference.worker.scheduling.batch_plan import plan_batch
from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.sequence import SequenceState
from engines.inference.worker.scheduling.thread_tuning import ThreadTuning
from engines.inference.worker.scheduling.throughput import Throughput
from records.codes import ErrorCode
from records.session import FinishReason
from workers.child import CallCanceled, CallFailure

PREFILL_SECONDS = 0.5
PREFILL_SECONDS_WHILE_DECODING = 0.15
"""Target durations in seconds of a batch with prompt tokens: alone, and while other sequences are decoded."""

MIN_PREFILL = 64
"""A batch may contain at least this many prompt tokens, even if prefill is so slow that they exceed the target."""


@dataclass(frozen=True, slots=True)
class BatchPart:
    """The part of a batch that belongs to one sequence."""

    sequence: SequenceState
    count: int
    row: int | None
    "Row from which the next token is sampled; None if tokens are still pending after this batch."


@dataclass(frozen=True, slots=True)
class Ended:
    """A sequence that ended, with its finish reason or its failure."""

    sequence: SequenceState
    end: FinishReason | CallFailure


class BatchRunner:
    """One context with its sequences. All methods except `interrupt` are called in the engine's thread."""

    def __init__(
        self,
        model: Model,
        context: Context,
        cache: KvCache,
        abort: AbortFlag,
        throughput: Throughput,
        chunk: int | None = None,
    ) -> None:
        """Create a runner.

        `chunk` is a fixed maximum of prompt tokens in a batch; the number of threads is then fixed, too. If `chunk` is
        None, both follow the measured speed, except that a number of threads in the settings is kept.
        """
        self.context = context
        self.cache = cache
        self.sequences: list[SequenceState] = []
        self._model = model
        self._abort = abort
        self._throughput = throughput
        self._fixed_chunk = chunk
        self._tuning = ThreadTuning(context.threads) if chunk is None else None
        self._step = 0
        self._is_prefilling = False
        self._prefill_speed = 0.0
        "Tokens per second of the last batch with prompt tokens."
        self._preempted: list[SequenceState] = []

    def interrupt(self) -> None:
        """Abort the running decode if it prefills a prompt. Called after an answer was canceled.

        A decode without prompt tokens is short and is not aborted.
        """
        if self._is_prefilling:
            self._abort.set()

    def step(self) -> tuple[list[Ended], list[SequenceState]]:
        """Compute one batch. Return the sequences that ended, and those that were preempted for lack of cells."""
        self._preempted = []
        ended = [Ended(sequence, CallCanceled()) for sequence in self.sequences if sequence.job.call.canceled]
        self._remove(ended)
        self._make_room()
        plan = plan_batch(self.sequences, self._room(), self._max_prefill(), self._step)
        self._step += 1
        if plan:
            ended += self._run(plan)
            self._remove(ended)
        return ended, self._preempted

    def _remove(self, ended: Sequence[Ended]) -> None:
        for end in ended:
            if end.sequence in self.sequences:
                self.sequences.remove(end.sequence)
                self.cache.release(end.sequence.cached)

    def _room(self) -> int:
        return min(self.context.n_batch, max(self.cache.free, 1))

    def _max_prefill(self) -> int:
        if self._fixed_chunk is not None:
            return self._fixed_chunk
        is_decoding = any(not sequence.is_prefilling for sequence in self.sequences)
        seconds = PREFILL_SECONDS_WHILE_DECODING if is_decoding else PREFILL_SECONDS
        return max(MIN_PREFILL, int(self._prefill_speed * seconds))

    def _make_room(self) -> None:
        """Provide a free cell for each sequence: swap out idle sequences first, then preempt the most recent ones."""
        while self.cache.free < len(self.sequences) and (self.cache.swap_out() or self._preempt()):
            pass

    def _preempt(self) -> bool:
        """Preempt the sequence that was admitted last. Return False if there is only one: it may use the whole cache."""
        if len(self.sequences) < 2:
            return False
        sequence = max(self.sequences, key=lambda each: each.number)
        self.sequences.remove(sequence)
        self.cache.preempt(sequence.cached)
        self._preempted.append(sequence)
        return True

    def _run(self, plan: Sequence[tuple[SequenceState, int]]) -> list[Ended]:
        batch = self.context.batch
        batch.clear()
        parts = [self._add(sequence, count) for sequence, count in plan]
        began = time.monotonic()
        result = self._decode(parts)
        if result == DECODED:
            self._record(parts, time.monotonic() - began)
            return [end for part in parts for end in self._advance(part)]
        return self._recover(result, parts)

    def _add(self, sequence: SequenceState, count: int) -> BatchPart:
        start = len(sequence.cached.tokens)
        is_last = count == sequence.pending
        tokens = sequence.tokens[start : start + count]
        row = self.context.batch.add(tokens, start, sequence.cached.number, logits=is_last)
        return BatchPart(sequence, count, row if is_last else None)

    def _decode(self, parts: Sequence[BatchPart]) -> int:
        """Decode the batch and return the result of `Context.decode`.

        Return ABORTED without decoding if a call was canceled before `interrupt` could abort this decode.
        """
        is_prefill = any(part.count > 1 for part in parts)
        if self._tuning is not None and self.context.settings.threads is None:
            self.context.set_decode_threads(self._tuning.threads)
        self.context.clear_abort()
        self._is_prefilling = is_prefill
        try:
            is_canceled = any(part.sequence.job.call.canceled for part in parts)
            return ABORTED if is_canceled else self.context.decode(is_prefill=is_prefill)
        finally:
            self._is_prefilling = False

    def _record(self, parts: Sequence[BatchPart], seconds: float) -> None:
        """Record a decoded batch in the cache's bookkeeping and in the measured speeds."""
        for part in parts:
            start = len(part.sequence.cached.tokens)
            self.cache.extend(part.sequence.cached, part.sequence.tokens[start : start + part.count])
        prefilled = sum(part.count for part in parts if part.count > 1)
        if prefilled:
            self._prefill_speed = prefilled / max(seconds, 1e-6)
            self._throughput.prompt.count(prefilled)
        elif self._tuning is not None:
            self._tuning.record(len(parts), seconds)

    def _recover(self, result: int, parts: Sequence[BatchPart]) -> list[Ended]:
        """Handle a batch that was not decoded. Its tokens stay pending.

        After a failure the sequences are decoded one by one, so that only the one that causes the failure ends.
        """
        if result == NO_ROOM:
            if self.cache.swap_out() or self._preempt():
                return []
            return [Ended(parts[0].sequence, _failure(result))]
        for part in parts:
            self._synchronize(part.sequence)
        if result == ABORTED:
            return []
        if len(parts) == 1:
            return [Ended(parts[0].sequence, _failure(result))]
        return [end for part in parts for end in self._run([(part.sequence, part.count)])]

    def _synchronize(self, sequence: SequenceState) -> None:
        """Record the tokens of a sequence that llama.cpp has cached: an aborted or failed batch may be cached in part."""
        cached, known = self.context.cached_tokens(sequence.cached.number), len(sequence.cached.tokens)
        if cached >= known:
            self.cache.extend(sequence.cached, sequence.tokens[known:cached])
        else:
            self.cache.record_truncation(sequence.cached, cached)

    def _advance(self, part: BatchPart) -> Iterator[Ended]:
        """Sample the next token of a sequence. An exception ends this sequence and no other one."""
        sequence = part.sequence
        try:
            if not sequence.completion.token_count:
                sequence.report_progress()
            end = None if part.row is None else self._sample(sequence, part.row)
            if end is not None:
                yield Ended(sequence, end)
        except CallFailure as failure:
            yield Ended(sequence, failure)
        except Exception as error:  # noqa: BLE001  # one answer must not end the others of the batch
            message = f"The worker raised an unexpected {type(error).__name__}."
            yield Ended(sequence, CallFailure(ErrorCode.INTERNAL, message, traceback.format_exc()))

    def _sample(self, sequence: SequenceState, row: int) -> FinishReason | None:
        """Sample a token and add it to the completion. Return the finish reason if it was the last one."""
        token = sequence.sampler.sample(self.context, row)
        if self._model.is_end(token):
            return FinishReason.STOP
        sequence.tokens.append(token)
        self._throughput.completion.count(1)
        text = sequence.job.text
        piece = text.feed(self._model.output_bytes(token))
        sequence.completion.add(token, piece, is_reasoning=text.is_reasoning)
        if text.is_ended:
            return FinishReason.STOP
        return FinishReason.LENGTH if sequence.remaining <= 0 else None


def _failure(result: int) -> CallFailure:
    if result == NO_ROOM:
        message = "The context window is full. Ask for a shorter answer, or load the model with a longer context."
        return CallFailure(ErrorCode.CONTEXT_OVERFLOW, message)
    return CallFailure(
        ErrorCode.INTERNAL, "The model could not process this prompt.", f"llama_decode returned {result}"
    )
