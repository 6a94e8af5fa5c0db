"""Interfaces of the services that resolvers call. `bootstrap/` provides the implementations, tests provide fakes."""

from collections.abc import AsyncGenerator, Awaitable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar, Unpack

from records.access import AccessScope
from records.answer import AnswerEvent
from records.document import Chunking, DocumentRecord, EraseReceipt, ReceivedFile
from records.events import Change
from records.filters import ModelFilter
from records.ids import CollectionId, DocumentId, MessageId, ModelId, SessionId
from records.indexing import IndexingStatus
from records.model import LoadRequest, MemoryFit, ModelParameter, ModelRecord, SettingsOutcome
from records.retrieval import Retrieval, RetrievalQuery, Snippet
from records.session import (
    HEAD,
    BranchPoint,
    MessageRecord,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    ThinkingMode,
)
from records.system import SystemSample
from services.ingestion.intake.intake import DocumentFields

Item = TypeVar("Item")

Watch: TypeAlias = AbstractAsyncContextManager[AsyncGenerator[Item, None]]
"""A subscription to events: it is registered while the context manager is open."""


class Intake(Protocol):
    """Storing of new documents: `services.ingestion.intake.Intake`.

    Each method returns the document and whether its bytes were stored before.
    """

    async def add_file(
        self,
        scope: AccessScope,
        file: ReceivedFile,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
    ) -> tuple[DocumentRecord, bool]: ...
    async def add_text(
        self,
        scope: AccessScope,
        text: str,
        *,
        name: str | None = None,
        media_type: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
    ) -> tuple[DocumentRecord, bool]: ...
    async def add_path(
        self, scope: AccessScope, path: str, **fields: Unpack[DocumentFields]
    ) -> tuple[DocumentRecord, bool]: ...
    async def add_url(
        self, scope: AccessScope, url: str, **fields: Unpack[DocumentFields]
    ) -> tuple[DocumentRecord, bool]: ...


class DocumentEvents(Protocol):
    """Publication of document changes: `services.ingestion.document_events.DocumentEvents`."""

    async def publish_result(self, change: Awaitable[DocumentRecord]) -> DocumentRecord:
        """Wait for a change in the store, notify subscribers of it, and return the document."""
        ...


class Ingestion(Protocol):
    """Ingestion and deletion of documents: `services.ingestion.ingestion.Ingestion`."""

    async def cancel_ingestion(self, scope: AccessScope, document_id: DocumentId) -> DocumentRecord: ...
    async def reprocess_document(
        self, scope: AccessScope, document_id: DocumentId, chunking: Chunking | None
    ) -> DocumentRecord: ...
    async def delete_document(self, scope: AccessScope, document_id: DocumentId) -> EraseReceipt: ...
    def watch_documents(self, scope: AccessScope, document_id: DocumentId | None) -> Watch[Change[DocumentRecord]]: ...


class Retriever(Protocol):
    """Search through chunks: `services.retrieval.retriever.Retriever`."""

    async def retrieve(self, scope: AccessScope, query: RetrievalQuery) -> Retrieval: ...
    def make_snippet(self, query: str, text: str) -> Snippet: ...


class SessionChanges(Protocol):
    """Changes of sessions, each published to subscribers: `services.sessions.sessions.Sessions`."""

    async def create_session(
        self,
        scope: AccessScope,
        name: str | None,
        document_ids: Sequence[DocumentId],
        settings: SessionSettings,
        collection_ids: Sequence[CollectionId] = (),
    ) -> SessionRecord: ...
    async def update_session(
        self,
        scope: AccessScope,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        collection_ids: Sequence[CollectionId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
        head_id: MessageId | None = None,
    ) -> SessionRecord: ...
    async def fork_session(self, scope: AccessScope, message_id: MessageId, name: str | None) -> SessionRecord: ...
    async def attach_document(self, scope: AccessScope, session_id: SessionId, document_id: DocumentId) -> None: ...
    def watch_sessions(self, scope: AccessScope, session_id: SessionId | None) -> Watch[Change[SessionRecord]]: ...


class Answers(Protocol):
    """Generation of answers: `services.answers.answers.Answers`."""

    async def send_message(
        self,
        scope: AccessScope,
        *,
        session_id: SessionId,
        content: str,
        thinking_mode: ThinkingMode | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        sampling: SamplingSettings | None = None,
        idempotency_key: str | None = None,
        point: BranchPoint = HEAD,
    ) -> tuple[MessageRecord, MessageRecord]:
        """Store a prompt, start its answer and return both."""
        ...

    async def regenerate_message(
        self,
        scope: AccessScope,
        message_id: MessageId,
        *,
        thinking_mode: ThinkingMode | None = None,
        model_id: ModelId | None = None,
        sampling: SamplingSettings | None = None,
    ) -> tuple[MessageRecord, MessageRecord]:
        """Start another answer of a prompt and return both."""
        ...

    async def cancel_generation(self, scope: AccessScope, message_id: MessageId) -> MessageRecord: ...
    async def delete_message(self, scope: AccessScope, message_id: MessageId) -> tuple[MessageId, ...]: ...
    async def effective_settings(self, scope: AccessScope, session: SessionRecord) -> SessionSettings: ...
    def follow_answer(self, scope: AccessScope, message_id: MessageId, after: str | None) -> Watch[AnswerEvent]: ...
    def cursor(self, event: AnswerEvent) -> str:
        """Return the opaque cursor of an event."""
        ...


class Models(Protocol):
    """Local models: `services.models.models.Models`. Methods that take an id raise `NotFound`, except for `find`."""

    async def list_models(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]: ...
    def find(self, model_id: ModelId) -> ModelRecord | None: ...
    def get(self, model_id: ModelId) -> ModelRecord: ...
    def default_id(self) -> ModelId | None: ...
    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings, field: str) -> None:
        """Raise `InvalidInput` for the first setting that the model does not accept, named as `field.NAME`."""
        ...

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]: ...
    async def fit(self, model_id: ModelId, request: LoadRequest | None) -> MemoryFit: ...
    async def load_model(
        self, model_id: ModelId, request: LoadRequest | None, make_default: bool, force: bool
    ) -> ModelRecord: ...
    async def unload_model(self, model_id: ModelId) -> ModelRecord: ...
    async def update_model_settings(
        self,
        model_id: ModelId,
        load: LoadRequest | None,
        sampling: SamplingSettings | None,
        reload: bool,
        removed: Collection[str],
    ) -> SettingsOutcome:
        """Change settings. `removed` names sampling settings to remove."""
        ...

    async def delete_model(self, model_id: ModelId) -> int:
        """Delete a model's files and return the number of bytes freed."""
        ...

    def watch_models(self, model_id: ModelId | None) -> Watch[Change[ModelRecord]]: ...


class Indexing(Protocol):
    """Background indexing with the deep embedder: `services.indexing.indexing.Indexing`."""

    async def status(self) -> IndexingStatus: ...
    async def start_indexing(self, now: bool) -> IndexingStatus: ...
    async def stop_indexing(self, reason: str | None) -> IndexingStatus: ...
    def watch_indexing(self) -> Watch[IndexingStatus]:
        """Subscribe to the current status and every change of it."""
        ...


class DeepVectors(Protocol):
    """Vectors of the deep embedder: `persistence.embeddings.deep_embeddings.DeepVectors`."""

    async def embedded(self, scope: AccessScope, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """Return the number of embedded chunks of each document of the scope; documents without any are left out."""
        ...


class Metrics(Protocol):
    """Samples of the machine and the server: `services.metrics.sampler.Metrics`."""

    async def sample(self) -> SystemSample: ...
    def watch_samples(self, interval_ms: int) -> Watch[SystemSample]:
        """Subscribe to samples; the first one is published at once."""
        ...
