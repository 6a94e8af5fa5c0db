"""What the resolvers ask of the engines; `owners/` hands in the real ones, tests their own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from records.answer import AnswerEvent
from records.document import Chunking, DocumentRecord, EraseReceipt, ReceivedFile
from records.events import Change
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.indexing import IndexingStatus
from records.model import LoadRequest, MemoryFit, ModelParameter, ModelRecord, SettingsOutcome
from records.retrieval import Retrieval, RetrievalQuery
from records.session import MessageRecord, SamplingSettings, SessionRecord, SessionSettings, ThinkingMode
from records.system import SystemSample
from services.models import ModelFilter


class Intake(Protocol):
    """Every way in gives the document, and whether its bytes were here already."""

    async def add_file(
        self,
        file: ReceivedFile,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
    ) -> tuple[DocumentRecord, bool]: ...
    async def add_text(
        self,
        text: str,
        *,
        name: str | None = None,
        media_type: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
    ) -> tuple[DocumentRecord, bool]: ...
    async def add_path(self, path: str, **details: Any) -> tuple[DocumentRecord, bool]: ...
    async def add_url(self, url: str, **details: Any) -> tuple[DocumentRecord, bool]: ...


class DocumentEvents(Protocol):
    def updated(self, document: DocumentRecord) -> DocumentRecord:
        """Tell watchers of a change that was made in the store."""
        ...


class Ingestion(Protocol):
    async def cancel(self, document_id: DocumentId) -> DocumentRecord: ...
    async def reprocess(self, document_id: DocumentId, chunking: Chunking | None) -> DocumentRecord: ...
    async def delete(self, document_id: DocumentId) -> EraseReceipt: ...
    def watch(
        self, document_id: DocumentId | None
    ) -> AbstractAsyncContextManager[AsyncIterator[Change[DocumentRecord]]]: ...


class Retriever(Protocol):
    async def retrieve(self, query: RetrievalQuery) -> Retrieval: ...


class SessionChanges(Protocol):
    """Writes to sessions, so that watchers are told of each."""

    async def create(
        self, name: str | None, document_ids: Sequence[DocumentId], settings: SessionSettings
    ) -> SessionRecord: ...
    async def update(
        self,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
    ) -> SessionRecord: ...
    async def delete(self, session_id: SessionId) -> EraseReceipt: ...
    async def changed(self, session_id: SessionId) -> None: ...
    def watch(
        self, session_id: SessionId | None
    ) -> AbstractAsyncContextManager[AsyncIterator[Change[SessionRecord]]]: ...


class Answers(Protocol):
    async def send(
        self,
        *,
        session_id: SessionId,
        content: str,
        thinking_mode: ThinkingMode | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        sampling: SamplingSettings | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[MessageRecord, MessageRecord]: ...
    async def cancel(self, message_id: MessageId) -> MessageRecord: ...
    async def effective_settings(self, session: SessionRecord) -> SessionSettings: ...
    def follow(
        self, message_id: MessageId, after: str | None
    ) -> AbstractAsyncContextManager[AsyncIterator[AnswerEvent]]: ...
    def cursor(self, event: AnswerEvent) -> str: ...


class Models(Protocol):
    """`get` raises `NotFound`; so does all else that takes an id but `find`."""

    async def list(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]: ...
    def find(self, model_id: ModelId) -> ModelRecord | None: ...
    def get(self, model_id: ModelId) -> ModelRecord: ...
    def default_id(self) -> ModelId | None: ...
    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings, field: str) -> None:
        """Raises `InvalidInput`, naming a field below `field`, for what the model does not take."""
        ...

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]: ...
    async def fit(self, model_id: ModelId, request: LoadRequest | None) -> MemoryFit: ...
    async def load(
        self, model_id: ModelId, request: LoadRequest | None, make_default: bool, force: bool
    ) -> ModelRecord: ...
    async def unload(self, model_id: ModelId) -> ModelRecord: ...
    async def update_settings(
        self, model_id: ModelId, load: LoadRequest | None, sampling: SamplingSettings | None, reload: bool
    ) -> SettingsOutcome: ...
    async def delete(self, model_id: ModelId) -> int:
        """Bytes that were freed."""
        ...

    def watch(self, model_id: ModelId | None) -> AbstractAsyncContextManager[AsyncIterator[Change[ModelRecord]]]: ...


class Indexing(Protocol):
    """`start` and `stop` raise `Conflict`."""

    async def status(self) -> IndexingStatus: ...
    async def start(self, now: bool) -> IndexingStatus: ...
    async def stop(self, reason: str | None) -> IndexingStatus: ...
    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[IndexingStatus]]:
        """What it is at now, then every change."""
        ...


class DeepVectors(Protocol):
    async def embedded(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """How many chunks of each the deep embedder has come to; documents without one are left out."""
        ...


class Metrics(Protocol):
    async def sample(self) -> SystemSample: ...
    def watch(self, interval_ms: int) -> AbstractAsyncContextManager[AsyncIterator[SystemSample]]:
        """The first sample comes at once."""
        ...
