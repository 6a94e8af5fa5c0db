"""The engine thread: one model, one sequence; answers are made one after the other.

It alone calls functions of the context. The tokens in the KV cache are known here, so that the next prompt reads only
what is not there yet, which after an answer is the new question.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from engines.inference.backend import ABORTED, DECODED, NO_ROOM, Abort, Context, Model
from engines.inference.job import Job, JobQueue, Output
from engines.inference.protocol import EngineStatistics, Finished
from engines.inference.sampler import Sampler, make_sampler
from engines.inference.text import CLOSE_TAG, OPEN_TAG, TextStream
from records.codes import ErrorCode
from records.session import FinishReason
from workers.child import Call, CallCanceled, CallFailure

CHUNK_SECONDS = 0.5
LEAST_CHUNK = 64
RATE_SECONDS = 5.0


class Rate:
    """Tokens per second over the last few seconds; read from other threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: deque[tuple[float, int]] = deque()

    def count(self, tokens: int) -> None:
        now = time.monotonic()
        with self._lock:
            self._counts.append((now, tokens))
            while self._counts[0][0] < now - RATE_SECONDS:
                self._counts.popleft()

    def per_second(self) -> float:
        with self._lock:
            since = time.monotonic() - RATE_SECONDS
            return sum(tokens for at, tokens in self._counts if at >= since) / RATE_SECONDS


class Engine:
    def __init__(self, model: Model, context: Context, abort: Abort, queue: JobQueue, thinks: bool) -> None:
        self.model = model
        self.context = context
        self._abort = abort
        self._queue = queue
        self._thinks = thinks
        self._held: list[int] = []
        self._speed = 0.0
        self._busy = False
        self._prompt_rate, self._completion_rate = Rate(), Rate()
        self._asked, self._reused = 0, 0
        special = model.special_texts()
        self._pieces = {token: _shown(text) for token, text in special.items()}

    def serve(self, run: Callable[[Call, Callable[[], None]], None]) -> None:
        """Work for ever; `run` is the boundary that turns what a job raises into its call's failure."""
        while True:
            work = self._queue.take()
            if not isinstance(work, Job):
                work()
                continue
            run(work.call, lambda job=work: job.call.reply(self._answer(job)))  # type: ignore[misc]

    def ahead(self) -> int:
        """Answers in front of one that comes now. From any thread."""
        return len(self._queue) + int(self._busy)

    def statistics(self) -> EngineStatistics:
        """From any thread."""
        return EngineStatistics(
            sequences_busy=int(self._busy),
            sequences_total=1,
            queue_depth=len(self._queue),
            prompt_tokens_per_second=self._prompt_rate.per_second(),
            completion_tokens_per_second=self._completion_rate.per_second(),
            cached_tokens_used=len(self._held),
            cached_tokens_total=self.context.length,
            prefix_hit_ratio=self._reused / self._asked if self._asked else 0.0,
        )

    def replace_context(self, context: Context) -> None:
        """Between answers; the new one is empty."""
        self.context = context
        self._held = []

    def _answer(self, job: Job) -> Finished:
        self._busy = True
        job.started = time.monotonic()
        self._move_up()
        self._abort.clear()
        job.call.on_cancel = self._abort.set
        try:
            cached = self._reuse(job)
            self._read(job, cached)
            with make_sampler(job.sampling, self.model.vocabulary_size) as sampler:
                return self._write(job, sampler, cached)
        finally:
            job.call.on_cancel = None
            self._busy = False

    def _move_up(self) -> None:
        """Tell those that wait their new places."""
        for position, waiting in enumerate(self._queue.waiting(), 1):
            with suppress(CallCanceled):
                waiting.tell_progress(position, 0)

    def _reuse(self, job: Job) -> int:
        """Keep what the cache and the prompt begin with in common; at least one token is left to read."""
        tokens = job.prompt.tokens
        common = 0 if job.sampling.deterministic else common_prefix(self._held, tokens)
        common = self.context.keep(min(common, len(tokens) - 1))
        del self._held[common:]
        self._asked += len(tokens)
        self._reused += common
        return common

    def _read(self, job: Job, read: int) -> None:
        """Read the prompt in chunks of about half a second."""
        tokens = job.prompt.tokens
        while read < len(tokens):
            job.tell_progress(0, read)
            chunk = tokens[read : read + self._chunk(job)]
            began = time.monotonic()
            self._decode(job.call, chunk, logits=read + len(chunk) == len(tokens))
            read += len(chunk)
            self._speed = len(chunk) / max(time.monotonic() - began, 1e-6)
            self._prompt_rate.count(len(chunk))
        job.tell_progress(0, read)

    def _chunk(self, job: Job) -> int:
        """A deterministic answer is read in batches that do not depend on the machine's speed."""
        largest = self.context.n_batch
        if job.sampling.deterministic:
            return largest
        return min(largest, max(LEAST_CHUNK, int(self._speed * CHUNK_SECONDS)))

    def _write(self, job: Job, sampler: Sampler, cached: int) -> Finished:
        stream = TextStream(job.stops, thinks=self._thinks, opened=job.prompt.opens_reasoning)
        output = Output(job)
        reason = FinishReason.STOP
        while not self.model.ends(token := sampler.sample(self.context)):
            output.write(stream.feed(self._piece(token)), reasoning=stream.reasoning)
            self._completion_rate.count(1)
            if stream.stopped:
                break
            if output.completion_tokens >= job.max_tokens:
                reason = FinishReason.LENGTH
                break
            self._decode(job.call, [token], logits=True)
        return output.finish(stream.finish(), reason, cached)

    def _piece(self, token: int) -> bytes:
        """A token's bytes; control tokens are silent, but for think tags."""
        special = self._pieces.get(token)
        return self.model.piece(token) if special is None else special

    def _decode(self, call: Call, tokens: Sequence[int], *, logits: bool) -> None:
        """Raises `CallCanceled`, and `CallFailure` where llama.cpp cannot go on; the cache is as before then."""
        before = len(self._held)
        while True:
            if call.canceled:
                raise CallCanceled
            outcome = self.context.decode(tokens, before, logits=logits)
            if outcome == DECODED:
                self._held.extend(tokens)
                return
            self._abort.clear()
            if self.context.keep(before) != before:
                self._held.clear()
                raise CallCanceled if call.canceled else _broken(outcome)
            if outcome != ABORTED:
                raise _broken(outcome)
            # Aborted for a call that had ended by then: read the same again.


def common_prefix(held: Sequence[int], tokens: Sequence[int]) -> int:
    """How many tokens both begin with."""
    shorter = min(len(held), len(tokens))
    if held[:shorter] == tokens[:shorter]:
        return shorter
    return next(at for at in range(shorter) if held[at] != tokens[at])


def _shown(special: str) -> bytes:
    return special.encode() if special in (OPEN_TAG, CLOSE_TAG) else b""


def _broken(outcome: int) -> CallFailure:
    if outcome == NO_ROOM:
        return CallFailure(ErrorCode.CONTEXT_OVERFLOW, "The context window is full.")
    return CallFailure(ErrorCode.INTERNAL, "The model could not read this prompt.", f"llama_decode gave {outcome}")
