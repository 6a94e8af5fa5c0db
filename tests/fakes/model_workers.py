"""Fake worker processes of models: they load without llama.cpp, and crash or wait at the step that a test chooses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import anyio
import anyio.lowlevel

from concurrency import Signal, open_task_group
from engines.inference.protocol import ApplySettings, EngineStatistics, Load, Loaded, LoadProgress, ReasoningSupport
from records.model import LoadRequest, LoadSettings, LoadStage
from records.session import SamplingSettings
from records.system import WorkerPurpose, WorkerState, WorkerStatus
from workers import Worker, WorkerCallFailed, WorkerCrashed, WorkerSpec

STAGES = (LoadStage.READING_WEIGHTS, LoadStage.CREATING_CONTEXT, LoadStage.WARMING_UP)


@dataclass(frozen=True, slots=True)
class FakeCrash:
    reason: str = "was ended by SIGKILL"


class FakeModelWorkers:
    """Opens fake workers. `are_paused` makes loading wait before each stage; `failure` is raised by each load."""

    def __init__(self) -> None:
        self.are_paused = False
        self.failure: WorkerCallFailed | None = None
        self.alive: list[FakeModelWorker] = []
        self.opened = 0
        self.resumed = Signal()

    @asynccontextmanager
    async def open(self, spec: WorkerSpec) -> AsyncIterator[Worker]:
        worker = FakeModelWorker(spec, self)
        self.opened += 1
        self.alive.append(worker)
        assert len(self.alive) == 1, "a model was started before the process of the other one had ended"
        try:
            async with open_task_group() as tasks:
                tasks.start_soon(worker.run)
                yield cast(Worker, worker)
        finally:
            self.alive.remove(worker)

    def resume(self) -> None:
        """Continue all loads; later ones run without a pause."""
        self.are_paused = False
        self.resumed.pulse()

    async def wait_while_paused(self) -> None:
        await self.resumed.wait_until(lambda: not self.are_paused)
        await anyio.lowlevel.checkpoint()


class FakeModelWorker:
    """A process: runs `prepare` after each start. `crash` ends it; it is started again, like a real one."""

    def __init__(self, spec: WorkerSpec, owner: FakeModelWorkers) -> None:
        self._spec = spec
        self._owner = owner
        self._crashed = anyio.Event()
        self._loaded: Loaded | None = None
        self.state = WorkerState.STARTING
        self.is_loading = False
        "True if the process has received the request to load."
        self.pid: int | None = None
        self.restarts = 0
        self.last_crash: FakeCrash | None = None

    @property
    def settings(self) -> LoadSettings | None:
        """The settings in effect in the process."""
        return self._loaded.settings if self._loaded else None

    def status(self) -> WorkerStatus:
        return WorkerStatus(WorkerPurpose.INFERENCE, self.state, self.pid, self.restarts)

    async def run(self) -> None:
        while True:
            self.state = WorkerState.STARTING
            await self._run_process()
            self.restarts += 1
            self.last_crash = FakeCrash()
            self.state = WorkerState.BACKING_OFF
            await anyio.lowlevel.checkpoint()

    async def _run_process(self) -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(self._prepare)
            await self._crashed.wait()
        self._crashed, self._loaded, self.is_loading = anyio.Event(), None, False

    async def _prepare(self) -> None:
        assert self._spec.prepare is not None
        await self._spec.prepare(cast(Any, self))
        if self._loaded is not None:
            self.state = WorkerState.RUNNING

    def crash(self) -> None:
        self._crashed.set()

    @asynccontextmanager
    async def stream(self, request: Load, event: type[LoadProgress], reply: type[Loaded]) -> AsyncIterator[Any]:
        self.is_loading = True
        yield FakeLoadStream(self, request)

    async def load(self, request: Load) -> Loaded:
        if self._owner.failure is not None:
            raise self._owner.failure
        self._loaded = make_loaded(request.settings, request.sampling)
        return self._loaded

    async def wait_while_paused(self) -> None:
        await self._owner.wait_while_paused()

    async def call(self, request: Any, reply: type[Any]) -> Any:
        """Answer a call when the owner is not paused. Raises `WorkerCrashed` if the process crashes before."""
        await anyio.lowlevel.checkpoint()
        while self._owner.are_paused and not self._crashed.is_set():
            await anyio.sleep(0.001)
        if self._crashed.is_set() or self._loaded is None:
            raise WorkerCrashed(WorkerPurpose.INFERENCE, "was ended by SIGKILL")
        if isinstance(request, ApplySettings):
            self._loaded = apply_settings(self._loaded, request)
            await anyio.lowlevel.checkpoint()
            return self._loaded
        return EngineStatistics(0, 1, 0, 0.0, 0.0, 0, 0, 0.0)


class FakeLoadStream:
    """The progress of a load: one event for each stage, then the reply."""

    def __init__(self, worker: FakeModelWorker, request: Load) -> None:
        self._worker = worker
        self._request = request
        self._stages = list(STAGES)
        self.reply: Loaded | None = None

    def __aiter__(self) -> "FakeLoadStream":
        return self

    async def __anext__(self) -> LoadProgress:
        await self._worker.wait_while_paused()
        if self._stages:
            return LoadProgress(self._stages.pop(0), 0.5)
        self.reply = await self._worker.load(self._request)
        raise StopAsyncIteration


def make_loaded(settings: LoadRequest, sampling: SamplingSettings) -> Loaded:
    """Return a loaded model with the requested settings."""
    values = LoadSettings(
        context_length=settings.context_length or 256,
        gpu_layers=settings.gpu_layers or 0,
        threads=settings.threads or 1,
        batch_size=settings.batch_size or 32,
        parallel_sequences=settings.parallel_sequences or 1,
        flash_attention=bool(settings.flash_attention),
        key_cache_type=settings.key_cache_type or "f16",
        value_cache_type=settings.value_cache_type or "f16",
        use_mmap=bool(settings.use_mmap),
        use_mlock=bool(settings.use_mlock),
        offloaded_layers=0,
        device="CPU",
    )
    return Loaded(values, sampling, ReasoningSupport.NONE)


def apply_settings(loaded: Loaded, request: ApplySettings) -> Loaded:
    """Return the model with the settings that need no reload changed."""
    changes = {
        name: getattr(request.settings, name)
        for name in ("context_length", "threads", "batch_size", "parallel_sequences")
        if getattr(request.settings, name) is not None
    }
    return make_loaded(LoadRequest(**{**_as_request(loaded.settings), **changes}), request.sampling)


def _as_request(settings: LoadSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in LoadRequest.__dataclass_fields__}
