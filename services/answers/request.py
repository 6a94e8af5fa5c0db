"""A prompt before it is stored: its settings merged to values, its model chosen, its documents named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from records.errors import ModelNotReady
from records.ids import DocumentId, ModelId
from records.model import ModelRecord, ModelStatus
from records.session import DocumentScope, SamplingSettings, SessionSettings
from records.values.overlay import overlay
from services.answers.effective_settings import merge_settings


class ModelChoice(Protocol):
    """What is asked of the models before an answer starts."""

    def find(self, model_id: ModelId) -> ModelRecord | None: ...
    def default_id(self) -> ModelId | None: ...
    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings) -> None:
        """Raises `InvalidInput` naming the field that the model does not take."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    settings: SessionSettings
    model: ModelRecord | None
    document_ids: tuple[DocumentId, ...] | None
    "None searches all documents, an empty tuple none."

    def ready_model(self) -> ModelRecord:
        """The model that will answer: READY, or LOADING and worth waiting for. Raises `ModelNotReady`."""
        model = self.model
        if model is None:
            raise ModelNotReady(
                "No model is loaded. Put a GGUF file into the models folder and load it.", None, ModelStatus.UNLOADED
            )
        if model.status not in (ModelStatus.READY, ModelStatus.LOADING):
            why = f" {model.error.message}" if model.error else ""
            raise ModelNotReady(f"The model {model.name} is {model.status.value}.{why}", model.id, model.status)
        return model


def resolve_request(
    own: SessionSettings,
    defaults: SessionSettings,
    models: ModelChoice,
    attached: Sequence[DocumentId],
    chosen: Sequence[DocumentId] | None,
    sampling: SamplingSettings | None,
) -> AnswerPlan:
    """Merge the message's settings over the session's, the model's and the server's."""
    model_id = own.model_id or defaults.model_id or models.default_id()
    model = models.find(model_id) if model_id else None
    if model and sampling:
        models.check_sampling(model.id, sampling)
    settings = merge_settings(own, defaults, model.sampling if model else SamplingSettings())
    if sampling:
        settings = replace(settings, sampling=overlay(sampling, settings.sampling or SamplingSettings()))
    if model:
        settings = replace(settings, model_id=model.id)
    return AnswerPlan(settings, model, _scope(settings, attached, chosen))


def _scope(
    settings: SessionSettings, attached: Sequence[DocumentId], chosen: Sequence[DocumentId] | None
) -> tuple[DocumentId, ...] | None:
    if chosen is not None:
        return tuple(chosen)
    return None if settings.document_scope is DocumentScope.ALL else tuple(attached)
