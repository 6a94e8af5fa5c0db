"""The engine: generates all answers of one model with continuous batching.

Its thread alone calls the functions of contexts. A step runs the waiting commands, admits the jobs for which there is room,
and computes one batch for all running sequences. A deterministic answer gets a dedicated context: nothing is shared with
other answers.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress

from engines.inference.protocol import EngineStatistics
from engines.inference.worker.call_boundary import run_call
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, Model
from engines.inference.worker.llama.token_samplers import Sampler, make_sampler
from engines.inference.worker.scheduling.admission import Admission, check_admission
from engines.inference.worker.scheduling.batch_runner import BatchRunner, Ended
from engines.inference.worker.scheduling.completion import Completion
from engines.inference.worker.scheduling.dedicated_context import open_dedicated
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.job_queue import JobQueue
from engines.inference.worker.scheduling.kv_cache import CachedSequence, KvCache
from engines.inference.worker.scheduling.sequence import SequenceState
from engines.inference.worker.scheduling.swap import SwapSpace
from engines.inference.worker.scheduling.throughput import Throughput
from engines.inference.worker.streaming.completion_tokens import CompletionTokens
from records.session import FinishReason
from workers.child import CallCanceled, CallFailure


class Engine:
    """Schedules the jobs of a queue on one shared context, and on a dedicated one for deterministic answers."""

    def __init__(
        self,
        model: Model,
        context: Context,
        abort: AbortFlag,
        queue: JobQueue,
        completion_tokens: CompletionTokens,
        swap_bytes: int,
    ) -> None:
        """Create an engine. `swap_bytes` is the size of the swap space for sequences that are evicted from the KV cache."""
        self.model = model
        self._abort = abort
        self._queue = queue
        self._completion_tokens = completion_tokens
        self._swap = SwapSpace(swap_bytes)
        self._throughput = Throughput()
        self._shared = self._create_runner(context)
        self._dedicated: BatchRunner | None = None
        self._preempted: deque[SequenceState] = deque()
        self._admitted = 0
        self._prompt_tokens = self._reused_tokens = self._preemptions = 0
        self._announced: list[Job] = []
        "Waiting jobs whose queue positions were reported last."

    @property
    def context(self) -> Context:
        return self._shared.context

    def serve(self, batched_sends: Callable[[], AbstractContextManager[None]]) -> None:
        """Run steps forever.

        `batched_sends` is `Link.batched_sends`: it returns a context manager that collects the events of a step and sends
        them together at its end.
        """
        while True:
            if not self.is_busy:
                self._queue.wait()
            with batched_sends():
                self.step()

    @property
    def is_busy(self) -> bool:
        return bool(self._shared.sequences or self._dedicated or self._preempted)

    def step(self) -> None:
        for command in self._queue.take_commands():
            command()
        self._drop_canceled()
        self._resume()
        self._admit()
        self._report_positions()
        for runner in (self._shared, self._dedicated):
            if runner is not None:
                ended, preempted = runner.step()
                self._preemptions += len(preempted)
                self._preempted.extendleft(preempted)
                for end in ended:
                    self._end(end)

    def queue_position(self, job: Job) -> int:
        """Return the position of a job that arrives now: 0 if it can start at once. Callable from any thread."""
        preempted = len(self._preempted)
        is_full = len(self._shared.sequences) >= self.context.parallel
        return preempted + self._queue.jobs_before(job) + 1 if len(self._queue) or preempted or is_full else 0

    def statistics(self) -> EngineStatistics:
        """Return the current load, speed and cache use. Callable from any thread."""
        dedicated = self._dedicated
        return EngineStatistics(
            sequences_busy=len(self._shared.sequences) + (len(dedicated.sequences) if dedicated else 0),
            sequences_total=self.context.parallel,
            queue_depth=len(self._queue) + len(self._preempted),
            prompt_tokens_per_second=self._throughput.prompt.per_second(),
            completion_tokens_per_second=self._throughput.completion.per_second(),
            cached_tokens_used=self._shared.cache.used,
            cached_tokens_total=self._shared.cache.total,
            prefix_hit_ratio=self._reused_tokens / self._prompt_tokens if self._prompt_tokens else 0.0,
            prompt_tokens=self._throughput.prompt.total,
            completion_tokens=self._throughput.completion.total,
            prefix_queries=self._prompt_tokens,
            prefix_hits=self._reused_tokens,
            preemptions=self._preemptions,
        )

    # ── contexts ──

    def _create_runner(self, context: Context) -> BatchRunner:
        cache = KvCache(
            context,
            cells=context.length,
            sequences=context.sequences,
            swap=self._swap,
            reuses_prefixes=not self.model.is_recurrent,
        )
        return BatchRunner(self.model, context, cache, self._abort, self._throughput)

    def required_context(self) -> int:
        """Return the context length in tokens that the running answers need; a new context must not be shorter."""
        sequences = [each for each in (*self._shared.sequences, *self._preempted) if not each.job.call.canceled]
        return max((len(each.job.prompt.tokens) + each.job.max_tokens for each in sequences), default=0)

    def suspend(self) -> None:
        """Preempt all running sequences, because their context is about to be closed.

        `replace_context` must follow. The sequences are prefilled again in the new context.
        """
        self._preempted.extend(self._shared.sequences)
        for sequence in self._preempted:
            sequence.cached = CachedSequence(-1)
        self._shared.sequences.clear()
        self._swap.clear()

    def replace_context(self, context: Context) -> None:
        """Use an empty context from the next step on."""
        self._shared = self._create_runner(context)

    # ── starts ──

    def _resume(self) -> None:
        """Resume preempted sequences in order, as long as there is room."""
        runner = self._shared
        while self._preempted:
            sequence = self._preempted[0]
            admission = check_admission(
                sequence.tokens, sequence.job.salt, sequence.remaining, runner.cache, runner.sequences,
                self.context.parallel,
            )  # fmt: skip
            if admission is Admission.NO_ROOM:
                return
            self._preempted.popleft()
            sequence.cached = runner.cache.acquire(sequence.tokens, sequence.job.conversation, sequence.job.salt)
            runner.sequences.append(sequence)

    def _admit(self) -> None:
        """Start waiting jobs. Preempted sequences go before jobs for the shared context."""
        is_open = not self._preempted
        for job in self._queue.waiting():
            if job.sampling.deterministic:
                if self._dedicated is None and self._queue.remove(job):
                    run_call(job.call, lambda job=job: self._start_dedicated(job))  # type: ignore[misc]
            elif is_open:
                is_open = self._admit_shared(job)

    def _admit_shared(self, job: Job) -> bool:
        """Start a job in the shared context if it is admitted. Return False if later jobs must wait too."""
        runner = self._shared
        admission = check_admission(
            job.prompt.tokens, job.salt, job.max_tokens, runner.cache, runner.sequences, self.context.parallel
        )
        if admission is Admission.ADMITTED and self._queue.remove(job):
            run_call(job.call, lambda: self._start_shared(job))
        return admission is not Admission.NO_ROOM

    def _start_shared(self, job: Job) -> None:
        with ExitStack() as on_error:
            sampler = make_sampler(job.sampling, self.model, job.grammar)
            on_error.callback(sampler.close)
            sequence = self._start(job, sampler, self._shared)
            on_error.pop_all()
        self._prompt_tokens += len(job.prompt.tokens)
        self._reused_tokens += sequence.reused_tokens

    def _start_dedicated(self, job: Job) -> None:
        """Start a job in a context of its own. The context is closed again if any part of the start fails."""
        with ExitStack() as on_error:
            sampler = make_sampler(job.sampling, self.model, job.grammar)
            on_error.callback(sampler.close)
            runner = open_dedicated(self.model, self.context, job, self._abort, self._throughput)
            on_error.callback(runner.context.close)
            self._start(job, sampler, runner)
            on_error.pop_all()
        self._dedicated = runner

    def _start(self, job: Job, sampler: Sampler, runner: BatchRunner) -> SequenceState:
        job.started = time.monotonic()
        cached = runner.cache.acquire(job.prompt.tokens, job.conversation, job.salt)
        self._admitted += 1
        sequence = SequenceState(
            job, sampler, Completion(job), list(job.prompt.tokens), self._admitted, cached, len(cached.tokens)
        )
        runner.sequences.append(sequence)
        self._queue.started(job)
        job.call.on_cancel = runner.interrupt
        with suppress(CallCanceled):
            sequence.report_progress()
        return sequence

    def _report_positions(self) -> None:
        """Report the queue positions of waiting jobs if they changed."""
        waiting = self._queue.waiting()
        if waiting != self._announced:
            self._announced = waiting
            for position, job in enumerate(waiting, 1):
                with suppress(CallCanceled):
                    job.report_progress(position, 0)

    # ── ends ──

    def _drop_canceled(self) -> None:
        for sequence in [each for each in self._preempted if each.job.call.canceled]:
            self._preempted.remove(sequence)
            self._end(Ended(sequence, CallCanceled()))

    def _end(self, ended: Ended) -> None:
        sequence, call, end = ended.sequence, ended.sequence.job.call, ended.end
        call.on_cancel = None
        self._queue.ended(sequence.job)
        sequence.sampler.close()
        if isinstance(end, CallFailure):
            call.fail(end.code, end.message, end.detail)
        else:
            run_call(call, lambda: self._finish(sequence, end))
        if self._dedicated is not None and not self._dedicated.sequences:
            self._dedicated.context.close()
            self._dedicated = None

    def _finish(self, sequence: SequenceState, reason: FinishReason) -> None:
        job, completion = sequence.job, sequence.completion
        finished = completion.finish(job.text.finish(), reason, sequence.reused_tokens)
        if job.text.is_verbatim:
            self._completion_tokens.store(job.conversation, completion.content, completion.tokens)
        job.call.reply(finished)
