"""Interface of the store of model settings."""

from typing import Protocol

from records.ids import ModelId
from records.model import LoadRequest
from records.session import (
    SamplingSettings,
)


class ModelSettingsStore(Protocol):
    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None: ...
    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None: ...
    async def default_model(self) -> ModelId | None: ...
    async def set_default_model(self, model_id: ModelId) -> None: ...
