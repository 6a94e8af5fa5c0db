"""A models folder, a store for settings in memory, and the models of both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engines.inference.hardware import AvailableMemory
from records.ids import ModelId
from records.model import LoadRequest, ModelRecord
from records.session import SamplingSettings
from services.models import Models, open_models
from tests.support.tiny_gguf import TinyModel, write_tiny_gguf

PLENTY = AvailableMemory(64 * 1024**3)


class SettingsInMemory:
    """Stands in for the table of model settings."""

    def __init__(self) -> None:
        self.saved: dict[ModelId, tuple[LoadRequest, SamplingSettings]] = {}
        self.default: ModelId | None = None

    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None:
        return self.saved.get(model_id)

    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None:
        self.saved[model_id] = (load, sampling)

    async def default_model(self) -> ModelId | None:
        return self.default

    async def set_default_model(self, model_id: ModelId) -> None:
        self.default = model_id


@pytest.fixture
def store() -> SettingsInMemory:
    return SettingsInMemory()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models that load in a blink."""
    models = tmp_path / "models"
    models.mkdir()
    write_tiny_gguf(models / "alpha.gguf")
    write_tiny_gguf(models / "beta.gguf", TinyModel(seed=2))
    return models


@asynccontextmanager
async def opened(folder: Path, store: SettingsInMemory, **settings: Any) -> AsyncIterator[Models]:
    settings = {"load_default": False, "bundled_package": None, "memory": lambda: PLENTY, **settings}
    async with open_models(store, folder, **settings) as models:
        yield models


async def by_name(models: Models, name: str) -> ModelRecord:
    return next(record for record in await models.list_models() if record.name == name)


async def load(models: Models, name: str, **asked: Any) -> ModelRecord:
    """Load and wait for the end of that."""
    record = await by_name(models, name)
    await models.load_model(record.id, **asked)
    await models.wait_ready(record.id)
    return models.get(record.id)
