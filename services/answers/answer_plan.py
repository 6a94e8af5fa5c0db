"""The plan of an answer: the settings, the model and the documents that a prompt is answered with, all resolved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from records.access import AccessScope, CollectionRecord, CollectionSetting
from records.errors import ModelNotReady, NotFound
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.model import ModelRecord, ModelStatus
from records.retrieval import SearchedDocuments
from records.session import (
    HEAD,
    BranchPoint,
    DocumentScope,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    ThinkingMode,
)
from records.values.overlay import overlay
from services.answers.effective_settings import merge_settings
from services.collections.inherited_settings import (
    apply_collections,
    check_contained,
    check_unlocked,
    hides_prompt,
    locks,
)
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.session_store import SessionStore


class ModelChoice(Protocol):
    """The part of the models service that chooses the model of an answer."""

    def find(self, model_id: ModelId) -> ModelRecord | None:
        """Return a model, or None if it is unknown."""
        ...

    def default_id(self) -> ModelId | None:
        """Return the model of sessions that choose none."""
        ...

    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings) -> None:
        """Raise `InvalidInput` for the first setting that the model does not accept; the error names the setting."""
        ...


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """A prompt as a client sends it. The settings apply to this prompt alone; None uses those of the session."""

    scope: AccessScope
    session_id: SessionId
    content: str
    thinking_mode: ThinkingMode | None = None
    document_ids: tuple[DocumentId, ...] | None = None
    sampling: SamplingSettings | None = None
    point: BranchPoint = HEAD
    "The place of the prompt in the tree of messages."
    regenerates: MessageId | None = None
    "A stored prompt that gets another answer; `content` and `point` are then not used."
    model_id: ModelId | None = None
    "The model of this answer; None for that of the session."
    idempotency_key: str | None = None
    "A retry with the same key returns the exchange that the first request stored."


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """The resolved inputs of an answer. `settings` is already merged with the settings of the model and the server."""

    settings: SessionSettings
    model: ModelRecord | None
    "None: no model is known."
    searched: SearchedDocuments | None
    "The documents to search; None for all."
    hides_prompt: bool = False
    "True if the user may not see the system prompt."

    def ready_model(self) -> ModelRecord:
        """Return the model. Raises `ModelNotReady` if there is none, or if it is neither READY nor LOADING."""
        model = self.model
        if model is None:
            raise ModelNotReady(
                "No model is loaded. Put a GGUF file into the models folder and load it.", None, ModelStatus.UNLOADED
            )
        if model.status not in (ModelStatus.READY, ModelStatus.LOADING):
            reason = model.error.message if model.error else "Load it, or select a loaded model for the session."
            raise ModelNotReady(f"The model {model.name} is {model.status.value}. {reason}", model.id, model.status)
        return model


class AnswerPlanner:
    """Resolves the settings of answers. In order of precedence: the prompt's, the session's, the model's, the server's."""

    def __init__(
        self,
        sessions: SessionStore,
        documents: DocumentStore,
        collections: CollectionStore,
        models: ModelChoice,
        defaults: SessionSettings,
    ) -> None:
        """Create a planner. `defaults` are the server's settings, which have the lowest precedence."""
        self._sessions = sessions
        self._documents = documents
        self._collections = collections
        self._models = models
        self._defaults = defaults

    async def effective_settings(self, scope: AccessScope, session: SessionRecord) -> SessionSettings:
        """Return the settings that the next answer of the session is generated with."""
        plan = await self._resolve(scope, session, session.settings, None, None)
        return replace(plan.settings, system_prompt=None) if plan.hides_prompt else plan.settings

    async def plan(self, request: PromptRequest) -> AnswerPlan:
        """Resolve a request.

        Raises `NotFound` for an unknown session or document, and `InvalidInput` for a sampling setting that is out of range
        and for a setting that a collection of the session locks.
        """
        session = await self._sessions.get(request.scope, request.session_id)
        collections = await self._collections.of_session(request.scope, request.session_id)
        chosen = SessionSettings(request.model_id, thinking_mode=request.thinking_mode, sampling=request.sampling)
        check_unlocked(collections, chosen)
        await self._check_documents(request.scope, request.document_ids or (), collections)
        own = replace(
            session.settings,
            thinking_mode=request.thinking_mode or session.settings.thinking_mode,
            model_id=request.model_id or session.settings.model_id,
        )
        return await self._resolve(request.scope, session, own, request.document_ids, request.sampling)

    async def _check_documents(
        self, scope: AccessScope, document_ids: Sequence[DocumentId], collections: Sequence[CollectionRecord]
    ) -> None:
        try:
            await self._documents.require(scope, document_ids)
        except NotFound as failure:
            index = [*document_ids].index(DocumentId(int(failure.missing_id)))
            raise NotFound(failure.kind, failure.missing_id, field=f"document_ids.{index}") from failure
        if document_ids and locks(collections, CollectionSetting.OWN_DOCUMENTS):
            check_contained((await self._documents.find_many(scope, document_ids)).values(), collections)

    async def _resolve(
        self,
        scope: AccessScope,
        session: SessionRecord,
        own: SessionSettings,
        document_ids: tuple[DocumentId, ...] | None,
        sampling: SamplingSettings | None,
    ) -> AnswerPlan:
        collections = await self._collections.of_session(scope, session.id)
        is_hidden = hides_prompt(own, collections)
        own = apply_collections(own, collections)
        model_id = own.model_id or self._defaults.model_id or self._models.default_id()
        model = self._models.find(model_id) if model_id else None
        if model and sampling:
            self._models.check_sampling(model.id, sampling)
        settings = merge_settings(own, self._defaults, model.sampling if model else SamplingSettings())
        if sampling:
            settings = replace(settings, sampling=overlay(sampling, settings.sampling or SamplingSettings()))
        if model:
            settings = replace(settings, model_id=model.id)
        if document_ids is None:
            searched = await self._searched(scope, session, settings.document_scope, collections)
        else:
            searched = SearchedDocuments(document_ids)
        return AnswerPlan(settings, model, searched, is_hidden)

    async def _searched(
        self,
        scope: AccessScope,
        session: SessionRecord,
        document_scope: DocumentScope | None,
        collections: Sequence[CollectionRecord],
    ) -> SearchedDocuments | None:
        """Return the documents that an answer of the session searches."""
        collection_ids = tuple(collection.id for collection in collections)
        if locks(collections, CollectionSetting.OWN_DOCUMENTS):
            return SearchedDocuments(collection_ids=collection_ids)
        if document_scope is DocumentScope.ALL:
            return None
        attached = await self._sessions.document_ids(scope, session.id)
        return SearchedDocuments(attached, collection_ids if document_scope is DocumentScope.COLLECTIONS else ())
