"""A model in a process of its own, from the process's start to its end.

Loading happens in the worker's `prepare`, so a process that crashed and was started again loads again by itself. A crash
while loading, or a load that stands still, is final: the process is ended and the model has failed.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import psutil
import structlog

from engines.inference import WorkerInference
from engines.inference.load_failures import HINTS
from engines.inference.protocol import Load, Loaded, LoadProgress, Start
from records.codes import ErrorCode
from records.model import LoadStage, MemoryFit, ModelError
from records.system import WorkerPurpose, WorkerState
from workers import Caller, Worker, WorkerCallFailed, WorkerSpec, open_worker

WATCH_SECONDS = 0.1
CANCEL_LIMIT = 30.0
ENVIRONMENT = {"GOMP_SPINCOUNT": "10000"}
"""How long llama.cpp's threads spin while they wait for each other, where GNU's OpenMP runs them.

Its usual count is right for a machine that does nothing else. Beside other programs it spins away the time of the very
thread that is waited for: two threads on two busy cores wrote 8 tokens a second, with this count 33 to 47, on a quiet
machine as many as before (docs/decisions/0011).
"""
MOVED_BYTES = 1024**2
"""A process whose memory changes by more than this between two looks is at work."""

log = structlog.stdlib.get_logger("graphlore.models")


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom a resident tells about itself."""

    on_progress: Callable[[LoadStage, float], None]
    on_ready: Callable[[Loaded], None]


class ModelProcess:
    def __init__(self, load: Load, fit: MemoryFit, listener: Listener, stall_seconds: float) -> None:
        self._load = load
        self._listener = listener
        self._stall_seconds = stall_seconds
        self._over = asyncio.Event()
        self._loading = True
        self._moved = monotonic()
        self._seen_bytes = 0
        self._crashed = False
        self._failure: ModelError | None = None
        self.fit = fit
        "Memory that the process was estimated to need."
        self.worker: Worker | None = None
        self.inference: WorkerInference | None = None
        self.ended = asyncio.Event()

    def end(self) -> None:
        """Ask it to end; `ended` is set when the process is gone and its memory free."""
        self._over.set()

    async def live(self) -> ModelError | None:
        """Hold the process until it is to end; gives why where that was a failure."""
        try:
            await self._hold()
        finally:
            self.ended.set()
        if self._crashed and self.worker is not None:
            self._failure = _crash(self.worker)
        return self._failure

    async def _hold(self) -> None:
        spec = WorkerSpec(
            purpose=WorkerPurpose.INFERENCE,
            module="engines.inference.worker.main",
            start=Start(),
            cancel_limit=CANCEL_LIMIT,
            environment=ENVIRONMENT,
            prepare=self._prepare,
        )
        self._moved = monotonic()
        async with open_worker(spec) as worker:
            self.worker = worker
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._watch(worker))
                await self._over.wait()
                watching.cancel()

    async def _prepare(self, caller: Caller) -> None:
        """Load. Canceled where the process ends meanwhile."""
        settled = False
        try:
            async with caller.stream(self._load, LoadProgress, Loaded) as stream:
                async for progress in stream:
                    self._move(progress.stage, progress.fraction)
                loaded = stream.reply
            self._become_ready(loaded)
            settled = True
        except WorkerCallFailed as failure:
            self._fail(_load_error(failure))
            settled = True
        finally:
            if not settled and not self._over.is_set():
                self._crashed = True
                self._over.set()

    def _become_ready(self, loaded: Loaded) -> None:
        assert self.worker is not None
        self._loading = False
        if self.inference is None:
            self.inference = WorkerInference(self.worker, loaded)
        self.inference.loaded = loaded
        self._listener.on_ready(loaded)

    def _move(self, stage: LoadStage, fraction: float) -> None:
        self._loading = True
        self._moved = monotonic()
        self._listener.on_progress(stage, fraction)

    async def _watch(self, worker: Worker) -> None:
        """See what no call tells: a process that starts again, one that will not, a load that stands still."""
        while True:
            if worker.state is WorkerState.GIVEN_UP:
                self._crashed = True
                self._over.set()
            elif not self._loading and worker.state is not WorkerState.RUNNING:
                self._move(LoadStage.SPAWNING, 0.0)
            elif self._loading:
                self._see_whether_it_moves(worker.pid)
            await asyncio.sleep(WATCH_SECONDS)

    def _see_whether_it_moves(self, pid: int | None) -> None:
        """Mapping a large file from a slow disk takes minutes in one step; its pages arriving is progress too."""
        resident = _resident_bytes(pid)
        if abs(resident - self._seen_bytes) > MOVED_BYTES:
            self._seen_bytes = resident
            self._moved = monotonic()
        elif monotonic() - self._moved > self._stall_seconds:
            message = f"Loading made no progress for {self._stall_seconds:g} seconds."
            self._fail(ModelError(ErrorCode.LOAD_STALLED, message, HINTS[ErrorCode.LOAD_STALLED]))
            _kill(pid)

    def _fail(self, failure: ModelError) -> None:
        if not self._over.is_set():
            self._failure = failure
            self._over.set()


def _resident_bytes(pid: int | None) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except psutil.Error:
        return 0


def _kill(pid: int | None) -> None:
    """What does not move would not end by itself either."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _load_error(failure: WorkerCallFailed) -> ModelError:
    log.warning("model failed to load", code=failure.code, message=failure.message, detail=failure.detail)
    code = ErrorCode(failure.code) if failure.code in ErrorCode.__members__ else ErrorCode.INTERNAL
    return ModelError(code, failure.message, HINTS.get(code))


def _crash(worker: Worker) -> ModelError:
    reason = worker.last_crash.reason if worker.last_crash else "ended"
    code = ErrorCode.WORKER_CRASHED
    return ModelError(code, f"The process {reason} while it loaded the model.", HINTS[code])
