"""Models over a folder, with a store in memory and with real or fake worker processes."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from structlog.testing import capture_logs

from engines.inference.hardware import AvailableMemory
from records.errors import ExpectedError
from records.ids import ModelId
from records.model import LoadRequest, ModelRecord, ModelStatus
from records.session import SamplingSettings
from services.models import Models, open_models
from services.models.registry import CHANGING
from tests.fakes.faults import Faults
from tests.fakes.model_workers import FakeModelWorkers
from tests.support.supervisor import open_test_supervisor

AMPLE_MEMORY = AvailableMemory(64 * 1024**3)
SETTLE_SECONDS = 30.0


class FakeModelSettings:
    """The table of model settings, in memory."""

    def __init__(self) -> None:
        self.saved: dict[ModelId, tuple[LoadRequest, SamplingSettings]] = {}
        self.default: ModelId | None = None

    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None:
        await anyio.lowlevel.checkpoint()
        return self.saved.get(model_id)

    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None:
        await anyio.lowlevel.checkpoint()
        self.saved[model_id] = (load, sampling)

    async def default_model(self) -> ModelId | None:
        return self.default

    async def set_default_model(self, model_id: ModelId) -> None:
        await anyio.lowlevel.checkpoint()
        self.default = model_id


@asynccontextmanager
async def open_test_models(folder: Path, store: FakeModelSettings, **settings: Any) -> AsyncIterator[Models]:
    """Open models with ample memory, without the bundled model and without loading a default, unless set otherwise."""
    defaults = {"load_default": False, "bundled_package": None, "memory": lambda: AMPLE_MEMORY}
    async with (
        open_test_supervisor() as supervisor,
        open_models(supervisor, store, folder, **(defaults | settings)) as models,
    ):
        yield models


async def find_model(models: Models, name: str) -> ModelRecord:
    return next(record for record in await models.list_models() if record.name == name)


async def load_model(models: Models, name: str, **settings: Any) -> ModelRecord:
    """Load a model and wait until it is READY."""
    record = await find_model(models, name)
    await models.load_model(record.id, **settings)
    await models.wait_ready(record.id)
    return models.get(record.id)


@dataclass
class ModelsHarness:
    """Models with fake processes."""

    models: Models
    store: FakeModelSettings
    workers: FakeModelWorkers
    folder: Path
    ids: dict[str, ModelId]
    "Ids of the models by name."

    def status(self, name: str) -> ModelStatus | None:
        record = self.models.find(self.ids[name])
        return record.status if record else None

    async def settle(self) -> None:
        """Resume all processes, and wait until no model is loading or unloading."""
        self.workers.resume()
        with anyio.fail_after(SETTLE_SECONDS):
            while any(record.status in CHANGING for record in self.records()):
                await anyio.sleep(0.001)

    async def finish_operations(self) -> None:
        """Wait for the operations of clients that have left: an update waits for earlier operations of its model."""
        self.workers.resume()
        for model_id in self.ids.values():
            with contextlib.suppress(ExpectedError):
                await self.models.update_model_settings(model_id)
        await self.settle()

    async def refresh_ids(self) -> None:
        """Search the models folder, and update `ids`."""
        self.ids = {record.name: record.id for record in await self.models.list_models()}

    def records(self) -> list[ModelRecord]:
        found = [self.models.find(model_id) for model_id in self.ids.values()]
        return [record for record in found if record is not None]

    def check_consistency(self) -> None:
        """Check states, processes and files of settled models against each other."""
        ready = [record for record in self.records() if record.status is ModelStatus.READY]
        assert len(ready) == len(self.workers.alive) <= 1
        for record in ready:
            settings = self.models.inference(record.id).settings
            assert self.workers.alive[0].settings == settings == record.load_settings
        for record in self.records():
            if record.status is not ModelStatus.READY:
                assert (record.stage, record.loaded_at, record.load_settings) == (None, None, None)
        for name, model_id in self.ids.items():
            assert (self.models.find(model_id) is not None) == (self.folder / f"{name}.gguf").exists(), name


@asynccontextmanager
async def open_harness(folder: Path, faults: Faults | None = None, **settings: Any) -> AsyncIterator[ModelsHarness]:
    """Open models with fake processes; `faults` wraps the store."""
    store, workers = FakeModelSettings(), FakeModelWorkers()
    settings = {"open_worker": workers.open, **settings}
    with capture_logs():
        async with open_test_models(folder, faults.wrap(store) if faults else store, **settings) as models:
            ids = {record.name: record.id for record in await models.list_models()}
            yield ModelsHarness(models, store, workers, folder, ids)
        assert workers.alive == [], "a process outlived the models"
