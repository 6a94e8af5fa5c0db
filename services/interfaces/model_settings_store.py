"""Interface of the store of model settings, implemented by `persistence/models/model_settings.py`."""

from typing import Protocol

from records.ids import ModelId
from records.model import LoadRequest
from records.session import SamplingSettings


class ModelSettingsStore(Protocol):
    """The settings that users chose for models, and the default model."""

    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None:
        """Return the stored settings of a model, or None."""
        ...

    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None:
        """Store the settings of a model in place of the former ones."""
        ...

    async def default_model(self) -> ModelId | None:
        """Return the default model that was chosen, or None."""
        ...

    async def set_default_model(self, model_id: ModelId) -> None:
        """Store the choice of the default model."""
        ...
