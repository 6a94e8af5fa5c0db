"""Answers that are made together: each step reads one batch for all of them and chooses their next tokens."""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engines.inference.worker.llama.context import ABORTED, DECODED, NO_ROOM, Context
from engines.inference.worker.llama.model import Abort, Model
from engines.inference.worker.scheduling.batch_plan import plan
from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.sequence import SequenceState
from engines.inference.worker.scheduling.thread_tuning import ThreadTuning
from engines.inference.worker.scheduling.throughput import Throughput
from records.codes import ErrorCode
from records.session import FinishReason
from workers.child import CallCanceled, CallFailure

ALONE_SECONDS = 0.5
BESIDE_SECONDS = 0.15
"""How long a part of a prompt may take: while nobody else waits for it, and while others are being written."""
LEAST_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Portion:
    """A stream's part of a batch; `row` is where its next token is chosen from, once all is read."""

    stream: SequenceState
    count: int
    row: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Why an answer is over: a finish reason, or a failure."""

    stream: SequenceState
    end: FinishReason | CallFailure


class BatchRunner:
    """One context with its answers. `step` is for the engine's thread; `interrupt` for any."""

    def __init__(
        self, model: Model, context: Context, cache: KvCache, abort: Abort, rates: Throughput, chunk: int | None = None
    ) -> None:
        """`chunk` is how many tokens of prompts a step reads, always; None where that follows the machine's speed.

        Without it the cores that write follow the machine, too, unless someone asked for a number of them.
        """
        self.context = context
        self.cache = cache
        self.streams: list[SequenceState] = []
        self._model = model
        self._abort = abort
        self._rates = rates
        self._fixed_chunk = chunk
        self._pace = ThreadTuning(context.threads) if chunk is None else None
        self._turn = 0
        self._is_long = False
        self._speed = 0.0
        self._preempted: list[SequenceState] = []

    def interrupt(self) -> None:
        """Someone's answer was canceled: end a decode that reads a prompt; one that writes is over soon anyway."""
        if self._is_long:
            self._abort.set()

    def step(self) -> tuple[list[Ended], list[SequenceState]]:
        """Read a batch. Gives the answers that are over, and those that had to give way: they go on later."""
        self._preempted = []
        ended = [Ended(stream, CallCanceled()) for stream in self.streams if stream.job.call.canceled]
        self._remove(ended)
        self._make_room()
        portions = plan(self.streams, self._room(), self._chunk(), self._turn)
        self._turn += 1
        if portions:
            ended += self._read(portions)
            self._remove(ended)
        return ended, self._preempted

    def _remove(self, ended: Sequence[Ended]) -> None:
        for end in ended:
            if end.stream in self.streams:
                self.streams.remove(end.stream)
                self.cache.let_go(end.stream.slot)

    def _room(self) -> int:
        return min(self.context.n_batch, max(self.cache.free, 1))

    def _chunk(self) -> int:
        if self._fixed_chunk is not None:
            return self._fixed_chunk
        is_writing = any(not stream.is_reading for stream in self.streams)
        return max(LEAST_CHUNK, int(self._speed * (BESIDE_SECONDS if is_writing else ALONE_SECONDS)))

    def _make_room(self) -> None:
        """A cell for each answer: idle sequences move out first, then the youngest answers give way."""
        while self.cache.free < len(self.streams) and (self.cache.move_out() or self.preempt_youngest()):
            pass

    def preempt_youngest(self) -> bool:
        """Background before chat. The last one is left: it has the whole cache to itself."""
        if len(self.streams) < 2:
            return False
        stream = max(self.streams, key=lambda stream: (not stream.is_chat, stream.number))
        self.give_way(stream)
        return True

    def give_way(self, stream: SequenceState) -> None:
        self.streams.remove(stream)
        self.cache.preempt(stream.slot)
        self._preempted.append(stream)

    def _read(self, portions: Sequence[tuple[SequenceState, int]]) -> list[Ended]:
        batch = self.context.batch
        batch.clear()
        placed = [self._place(stream, count) for stream, count in portions]
        began = time.monotonic()
        outcome = self._decode(placed)
        if outcome == DECODED:
            self._take(placed, time.monotonic() - began)
            return [end for portion in placed for end in self._advance(portion)]
        return self._recover(outcome, placed)

    def _place(self, stream: SequenceState, count: int) -> Portion:
        start = len(stream.slot.tokens)
        is_whole = count == stream.pending
        row = self.context.batch.add(stream.tokens[start : start + count], start, stream.slot.number, logits=is_whole)
        return Portion(stream, count, row if is_whole else None)

    def _decode(self, placed: Sequence[Portion]) -> int:
        """ABORTED too where a cancel came just before, which `interrupt` could not know to end anything with."""
        is_reading = any(portion.count > 1 for portion in placed)
        if self._pace is not None and self.context.settings.threads is None:
            self.context.write_on(self._pace.threads)
        self.context.forget_abort()
        self._is_long = is_reading
        try:
            is_canceled = any(portion.stream.job.call.canceled for portion in placed)
            return ABORTED if is_canceled else self.context.decode(is_reading=is_reading)
        finally:
            self._is_long = False

    def _take(self, placed: Sequence[Portion], seconds: float) -> None:
        for portion in placed:
            start = len(portion.stream.slot.tokens)
            self.cache.extend(portion.stream.slot, portion.stream.tokens[start : start + portion.count])
        read = sum(portion.count for portion in placed if portion.count > 1)
        if read:
            self._speed = read / max(seconds, 1e-6)
            self._rates.prompt.count(read)
        elif self._pace is not None:
            self._pace.note(len(placed), seconds)

    def _recover(self, outcome: int, placed: Sequence[Portion]) -> list[Ended]:
        """What was not read is read in the next step; where one row breaks the batch, each is read alone."""
        if outcome == NO_ROOM:
            if self.cache.move_out() or self.preempt_youngest():
                return []
            return [Ended(placed[0].stream, _broken(outcome))]
        for portion in placed:
            self._agree(portion.stream)
        if outcome == ABORTED:
            return []
        if len(placed) == 1:
            return [Ended(placed[0].stream, _broken(outcome))]
        return [end for portion in placed for end in self._read([(portion.stream, portion.count)])]

    def _agree(self, stream: SequenceState) -> None:
        """Set down what the cache holds now: all, a part or nothing of what was to be read."""
        held, known = self.context.held(stream.slot.number), len(stream.slot.tokens)
        if held >= known:
            self.cache.extend(stream.slot, stream.tokens[known:held])
        else:
            self.cache.note_cut(stream.slot, held)

    def _advance(self, portion: Portion) -> Iterator[Ended]:
        """What one answer's code raises ends that answer alone."""
        stream = portion.stream
        try:
            if not stream.output.completion_tokens:
                stream.tell_progress()
            end = None if portion.row is None else self._write(stream, portion.row)
            if end is not None:
                yield Ended(stream, end)
        except CallFailure as failure:
            yield Ended(stream, failure)
        except Exception as error:  # noqa: BLE001  # one answer must not end its neighbours
            message = f"The worker met an unexpected {type(error).__name__}."
            yield Ended(stream, CallFailure(ErrorCode.INTERNAL, message, traceback.format_exc()))

    def _write(self, stream: SequenceState, row: int) -> FinishReason | None:
        """Choose the next token; gives a reason where it is the last."""
        token = stream.sampler.sample(self.context, row)
        if self._model.ends(token):
            return FinishReason.STOP
        stream.tokens.append(token)
        self._rates.completion.count(1)
        stream.output.write(token, stream.text.feed(self._model.shown(token)), reasoning=stream.text.reasoning)
        if stream.text.stopped:
            return FinishReason.STOP
        return FinishReason.LENGTH if stream.output.completion_tokens >= stream.job.max_tokens else None


def _broken(outcome: int) -> CallFailure:
    if outcome == NO_ROOM:
        return CallFailure(ErrorCode.CONTEXT_OVERFLOW, "The context window is full.")
    return CallFailure(ErrorCode.INTERNAL, "The model could not read this prompt.", f"llama_decode gave {outcome}")
