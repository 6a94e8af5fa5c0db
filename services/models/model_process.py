"""The worker process of one model, from its start to its end.

The model is loaded in the worker's `prepare` step, so a process that crashed and was restarted loads it again. A crash
during loading and a load without progress are final: the process ends and the model has failed.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic

import anyio
import psutil
import structlog

from concurrency import open_task_group
from engines.inference import WorkerInference
from engines.inference.load_failures import HINTS
from engines.inference.protocol import Load, Loaded, LoadProgress, Start
from records.codes import ErrorCode
from records.model import LoadStage, MemoryFit, ModelError
from records.system import WorkerPurpose, WorkerState
from workers import Caller, Worker, WorkerCallFailed, WorkerSpec

WATCH_SECONDS = 0.1
"""Interval at which the process's state and memory are read."""
CANCEL_LIMIT = 30.0
"""Seconds after which a process that ignores a cancellation is killed."""
ENVIRONMENT = {"GOMP_SPINCOUNT": "10000"}
"""How often threads of llama.cpp check a barrier before they sleep, with GNU's OpenMP.

The default suits an idle machine. Beside other programs, spinning threads take the time of the thread that they wait for:
two threads on two busy cores generated 8 tokens a second with the default, and 33 to 47 with this count. On an idle machine
both are equally fast (docs/decisions/0011).
"""
MIN_PROGRESS_BYTES = 1024**2
"""Loading makes progress if the process's memory changes by more than this between two readings."""

OpenWorker = Callable[[WorkerSpec], AbstractAsyncContextManager[Worker]]

log = structlog.stdlib.get_logger("graphlore.models")


@dataclass(frozen=True, slots=True)
class LoadListener:
    """Callbacks for the progress of loading (stage and share from 0 to 1) and for its success."""

    on_progress: Callable[[LoadStage, float], None]
    on_ready: Callable[[Loaded], None]


class ModelProcess:
    """Runs the process between `run` and `end`. The listener is called again if the model is reloaded after a crash."""

    def __init__(
        self, load: Load, fit: MemoryFit, listener: LoadListener, stall_seconds: float, open_worker: OpenWorker
    ) -> None:
        self._load = load
        self._listener = listener
        self._stall_seconds = stall_seconds
        self._open_worker = open_worker
        self._end_requested = anyio.Event()
        self._is_loading = True
        self._progressed_at = monotonic()
        self._rss_bytes = 0
        self._has_crashed = False
        self._failure: ModelError | None = None
        self.fit = fit
        "Estimate of the memory that the process needs."
        self.worker: Worker | None = None
        self.inference: WorkerInference | None = None
        "None until the model was loaded for the first time."
        self.ended = anyio.Event()
        "Set by `Loader` when the process has ended and its memory is free."

    def end(self) -> None:
        """Request the end of the process."""
        self._end_requested.set()

    async def run(self) -> ModelError | None:
        """Run the process until `end` or a failure. Return the reason of a failure."""
        if not self._end_requested.is_set():
            await self._run_worker()
        if self._has_crashed and self.worker is not None:
            return _crash_error(self.worker)
        return self._failure

    async def _run_worker(self) -> None:
        spec = WorkerSpec(
            purpose=WorkerPurpose.INFERENCE,
            module="engines.inference.worker.main",
            start=Start(),
            cancel_limit=CANCEL_LIMIT,
            environment=ENVIRONMENT,
            prepare=self._prepare,
        )
        self._progressed_at = monotonic()
        async with self._open_worker(spec) as worker:
            self.worker = worker
            async with open_task_group() as tasks:
                tasks.start_soon(self._watch, worker)
                await self._end_requested.wait()

    async def _prepare(self, caller: Caller) -> None:
        """Load the model; called after each start of the process.

        The call is canceled if the process ends before the model is loaded.
        """
        is_settled = False
        try:
            async with caller.stream(self._load, LoadProgress, Loaded) as stream:
                async for progress in stream:
                    self._report_progress(progress.stage, progress.fraction)
                loaded = stream.reply
            self._report_ready(loaded)
            is_settled = True
        except WorkerCallFailed as failure:
            self._fail(_load_error(failure))
            is_settled = True
        finally:
            if not is_settled and not self._end_requested.is_set():
                self._has_crashed = True
                self._end_requested.set()

    def _report_ready(self, loaded: Loaded) -> None:
        assert self.worker is not None
        self._is_loading = False
        if self.inference is None:
            self.inference = WorkerInference(self.worker, loaded)
        self.inference.loaded = loaded
        self._listener.on_ready(loaded)

    def _report_progress(self, stage: LoadStage, fraction: float) -> None:
        self._is_loading = True
        self._progressed_at = monotonic()
        self._listener.on_progress(stage, fraction)

    async def _watch(self, worker: Worker) -> None:
        """Detect events that no call reports: a restart, too many crashes, and a load without progress."""
        while True:
            if worker.state is WorkerState.GIVEN_UP:
                self._has_crashed = True
                self._end_requested.set()
            elif not self._is_loading and worker.state is not WorkerState.RUNNING:
                self._report_progress(LoadStage.SPAWNING, 0.0)
            elif self._is_loading:
                self._check_progress(worker.pid)
            await anyio.sleep(WATCH_SECONDS)

    def _check_progress(self, pid: int | None) -> None:
        """Fail if loading makes no progress. Growing memory is progress: mapping a large file takes minutes in one step."""
        rss = _rss_bytes(pid)
        if abs(rss - self._rss_bytes) > MIN_PROGRESS_BYTES:
            self._rss_bytes = rss
            self._progressed_at = monotonic()
        elif monotonic() - self._progressed_at > self._stall_seconds:
            message = f"Loading made no progress for {self._stall_seconds:g} seconds."
            self._fail(ModelError(ErrorCode.LOAD_STALLED, message, HINTS[ErrorCode.LOAD_STALLED]))
            _kill(pid)

    def _fail(self, failure: ModelError) -> None:
        if not self._end_requested.is_set():
            self._failure = failure
            self._end_requested.set()


def _rss_bytes(pid: int | None) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except psutil.Error:
        return 0


def _kill(pid: int | None) -> None:
    """Kill a process that makes no progress; it would not react to a request to end."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _load_error(failure: WorkerCallFailed) -> ModelError:
    log.warning("model failed to load", code=failure.code, message=failure.message, detail=failure.detail)
    code = ErrorCode(failure.code) if failure.code in ErrorCode.__members__ else ErrorCode.INTERNAL
    return ModelError(code, failure.message, HINTS.get(code))


def _crash_error(worker: Worker) -> ModelError:
    reason = worker.last_crash.reason if worker.last_crash else "ended"
    code = ErrorCode.WORKER_CRASHED
    return ModelError(code, f"The process {reason} while it loaded the model.", HINTS[code])
