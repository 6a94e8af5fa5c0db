"""The engine thread: it alone calls functions of the contexts, and makes all answers of one model at once.

A step runs the commands that wait, lets answers begin for which there is room, and reads one batch for all that are in the
making. An answer that must be the same every time has a context of its own, and so neither neighbours nor reuse.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from engines.inference.protocol import EngineStatistics, Priority
from engines.inference.worker.call_boundary import guard
from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.model import Abort, Model
from engines.inference.worker.llama.sampler import make_sampler
from engines.inference.worker.scheduling.admission import Verdict, judge
from engines.inference.worker.scheduling.batch_runner import BatchRunner, Ended
from engines.inference.worker.scheduling.dedicated_context import open_solo
from engines.inference.worker.scheduling.job import Completion, Job, JobQueue
from engines.inference.worker.scheduling.kv_cache import CachedSequence, KvCache
from engines.inference.worker.scheduling.sequence import SequenceState
from engines.inference.worker.scheduling.swap import SwapSpace
from engines.inference.worker.scheduling.throughput import Throughput
from engines.inference.worker.text.completion_tokens import CompletionTokens
from engines.inference.worker.text.text_stream import TextStream
from records.session import FinishReason
from workers.child import CallCanceled, CallFailure


class Engine:
    def __init__(
        self,
        model: Model,
        context: Context,
        abort: Abort,
        queue: JobQueue,
        transcripts: CompletionTokens,
        thinks: bool,
        copy_bytes: int,
    ) -> None:
        """`copy_bytes` bounds what is kept of sequences that left the cache."""
        self.model = model
        self._abort = abort
        self._queue = queue
        self._transcripts = transcripts
        self._thinks = thinks
        self._copies = SwapSpace(copy_bytes)
        self._rates = Throughput()
        self._lane = self._open_lane(context)
        self._solo: BatchRunner | None = None
        self._resting: deque[SequenceState] = deque()
        self._admitted = 0
        self._asked = self._reused = self._preemptions = 0
        self._told: list[Job] = []

    @property
    def context(self) -> Context:
        return self._lane.context

    def serve(self, gathering: Callable[[], AbstractContextManager[None]]) -> None:
        """Work for ever; what a step has to say goes out at once, inside one `gathering`."""
        while True:
            if not self.is_busy:
                self._queue.wait()
            with gathering():
                self.step()

    @property
    def is_busy(self) -> bool:
        return bool(self._lane.streams or self._solo or self._resting)

    def step(self) -> None:
        for command in self._queue.commands():
            command()
        self._drop_canceled()
        self._admit()
        self._tell_places()
        for lane in (self._lane, self._solo):
            if lane is not None:
                ended, preempted = lane.step()
                self._rest(preempted)
                for end in ended:
                    self._end(end)

    def ahead(self) -> int:
        """Answers in front of one that comes now: none where it may begin at once. From any thread."""
        waiting = len(self._queue) + len(self._resting)
        return waiting + 1 if waiting or len(self._lane.streams) >= self.context.parallel else 0

    def statistics(self) -> EngineStatistics:
        """From any thread."""
        solo = self._solo
        return EngineStatistics(
            sequences_busy=len(self._lane.streams) + (len(solo.streams) if solo else 0),
            sequences_total=self.context.parallel,
            queue_depth=len(self._queue) + len(self._resting),
            prompt_tokens_per_second=self._rates.prompt.per_second(),
            completion_tokens_per_second=self._rates.completion.per_second(),
            cached_tokens_used=self._lane.cache.used,
            cached_tokens_total=self._lane.cache.total,
            prefix_hit_ratio=self._reused / self._asked if self._asked else 0.0,
            prompt_tokens=self._rates.prompt.total,
            completion_tokens=self._rates.completion.total,
            prefix_queries=self._asked,
            prefix_hits=self._reused,
            preemptions=self._preemptions,
        )

    # ── contexts ──

    def _open_lane(self, context: Context) -> BatchRunner:
        cache = KvCache(
            context,
            cells=context.length,
            sequences=context.sequences,
            copies=self._copies,
            in_parts=not self.model.is_recurrent,
        )
        return BatchRunner(self.model, context, cache, self._abort, self._rates)

    def longest_answer(self) -> int:
        """Cells that the largest answer in the making will need: a new context must have as many."""
        streams = [each for each in (*self._lane.streams, *self._resting) if not each.job.call.canceled]
        return max((len(stream.job.prompt.tokens) + stream.job.max_tokens for stream in streams), default=0)

    def put_away(self) -> None:
        """Before the context is closed: the answers in the making wait for the next one, and are read again there."""
        self._resting.extend(self._lane.streams)
        for stream in self._resting:
            stream.slot = CachedSequence(-1)
        self._lane.streams.clear()
        self._copies.clear()

    def replace_context(self, context: Context) -> None:
        """Between steps; the new one is empty."""
        self._lane = self._open_lane(context)

    # ── beginnings ──

    def _admit(self) -> None:
        while self._resting and self._has_room(self._resting[0]):
            stream = self._resting.popleft()
            stream.slot = self._lane.cache.take(stream.tokens, stream.job.request.conversation)
            self._lane.streams.append(stream)
        for job in self._queue.waiting():
            if job.sampling.deterministic:
                if self._solo is None and self._queue.remove(job):
                    guard(job.call, lambda job=job: self._begin_solo(job))  # type: ignore[misc]
            elif not self._may_begin(job):
                return

    def _may_begin(self, job: Job) -> bool:
        """Let it begin where it can; False where those behind it must wait too."""
        if self._resting and (self._resting[0].is_chat or job.request.priority is not Priority.CHAT):
            return False
        lane = self._lane
        verdict = judge(job.prompt.tokens, job.max_tokens, lane.cache, lane.streams, self.context.parallel)
        if verdict is Verdict.ADMITTED and self._queue.remove(job):
            guard(job.call, lambda: self._begin(job))
        return verdict is not Verdict.NO_ROOM

    def _has_room(self, stream: SequenceState) -> bool:
        left = stream.job.max_tokens - stream.output.completion_tokens
        lane = self._lane
        return judge(stream.tokens, left, lane.cache, lane.streams, self.context.parallel) is not Verdict.NO_ROOM

    def _begin(self, job: Job) -> None:
        stream = self._start(job, self._lane)
        self._asked += len(job.prompt.tokens)
        self._reused += stream.cached

    def _begin_solo(self, job: Job) -> None:
        self._solo = open_solo(self.model, self.context, job, self._abort, self._rates)
        self._start(job, self._solo)

    def _start(self, job: Job, lane: BatchRunner) -> SequenceState:
        job.started = time.monotonic()
        self._admitted += 1
        sampler = make_sampler(job.sampling, self.model, job.grammar)
        text = TextStream(job.stops, thinks=self._thinks, opened=job.prompt.opens_reasoning)
        slot = lane.cache.take(job.prompt.tokens, job.request.conversation)
        stream = SequenceState(
            job, sampler, text, Completion(job), list(job.prompt.tokens), self._admitted, slot, len(slot.tokens)
        )
        lane.streams.append(stream)
        job.call.on_cancel = lane.interrupt
        with suppress(CallCanceled):
            stream.tell_progress()
        return stream

    def _tell_places(self) -> None:
        """To those that wait, when it changes."""
        waiting = self._queue.waiting()
        if waiting != self._told:
            self._told = waiting
            for place, job in enumerate(waiting, 1):
                with suppress(CallCanceled):
                    job.tell_progress(place, 0)

    # ── ends ──

    def _rest(self, preempted: list[SequenceState]) -> None:
        self._preemptions += len(preempted)
        self._resting.extendleft(preempted)

    def _drop_canceled(self) -> None:
        for stream in [stream for stream in self._resting if stream.job.call.canceled]:
            self._resting.remove(stream)
            self._end(Ended(stream, CallCanceled()))

    def _end(self, ended: Ended) -> None:
        stream, call = ended.stream, ended.stream.job.call
        call.on_cancel = None
        stream.sampler.close()
        if isinstance(ended.end, FinishReason):
            guard(call, lambda: self._finish(stream, ended.end))
        else:
            call.fail(ended.end.code, ended.end.message, ended.end.detail)
        if self._solo is not None and not self._solo.streams:
            self._solo.context.close()
            self._solo = None

    def _finish(self, stream: SequenceState, reason: FinishReason | CallFailure) -> None:
        assert isinstance(reason, FinishReason)
        output = stream.output
        finished = output.finish(stream.text.finish(), reason, stream.cached)
        if not stream.text.stopped and not output.reasoning_tokens:
            self._transcripts.remember(stream.job.request.conversation, "".join(output.content), output.tokens)
        stream.job.call.reply(finished)
