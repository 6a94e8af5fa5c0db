"""What engines and resolvers need of the stores. `persistence/` implements these; `owners/` wires them.

Every call is a coroutine that never blocks the event loop. `get_*` raises `NotFound`, `find_*` may give None.
Changes are durable when the coroutine returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from records.document import (
    Chunking,
    ChunkRecord,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    HeadingRecord,
    IngestionError,
    NewChunk,
    NewDocument,
    ParsedDocument,
    ReceivedFile,
)
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId
from records.model import LoadRequest
from records.page import Page, PageRequest
from records.retrieval import ScoredChunk
from records.session import (
    CitationRecord,
    MessageRating,
    MessageRecord,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    ThinkingMode,
)
from records.system import StorageCounts


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    status: tuple[DocumentStatus, ...] | None = None
    name_contains: str | None = None
    tags: tuple[str, ...] | None = None
    "Documents that carry every one of these."
    media_type: tuple[str, ...] | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    query: str | None = None
    "Words in the name or the messages, by full-text search; any character is text."
    document_id: DocumentId | None = None
    model_name: str | None = None
    archived: bool | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    "CREATED_AT, NAME, BYTE_SIZE, LAST_MESSAGE_AT or RELEVANCE; ids break ties."
    descending: bool = True


class DocumentStore(Protocol):
    """Documents, their text and headings."""

    async def add(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Give back the stored document, and whether these bytes (`sha256`) were here already."""
        ...

    async def get(self, document_id: DocumentId) -> DocumentRecord: ...
    async def find(self, document_id: DocumentId) -> DocumentRecord | None: ...
    async def find_by_sha256(self, sha256: str) -> DocumentRecord | None: ...
    async def find_many(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentRecord]: ...
    async def page(self, filter: DocumentFilter, order: Order, request: PageRequest) -> Page[DocumentRecord]: ...
    async def count(self, filter: DocumentFilter) -> int: ...
    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        """Oldest first."""
        ...

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> Sequence[tuple[DocumentId, int]]:
        """Ids and sizes in bytes, oldest first; 10,000 at most."""
        ...

    async def update(
        self, document_id: DocumentId, *, name: str | None = None, tags: Sequence[str] | None = None, **metadata: Any
    ) -> DocumentRecord:
        """Change what is given; `metadata=` (also None, to clear) is looked at only where it is passed."""
        ...

    async def set_status(
        self,
        document_id: DocumentId,
        status: DocumentStatus,
        *,
        progress: float = 0.0,
        error: IngestionError | None = None,
    ) -> DocumentRecord: ...
    async def restart(self, document_id: DocumentId, chunking: Chunking | None = None) -> DocumentRecord:
        """Forget text, headings and chunks (their vectors go by the outbox), back to PENDING."""
        ...

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        """One piece of the extracted text, in order; `start` in code points."""
        ...

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        """Store what parsing learned and turn to EMBEDDING, in one transaction: searchable by words from here on."""
        ...

    async def text(self, document_id: DocumentId, offset: int, length: int) -> str: ...
    async def outline(self, document_id: DocumentId) -> tuple[HeadingRecord, ...]: ...
    async def resolve_scope(
        self, document_ids: Sequence[DocumentId] | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        """The searchable documents that a filter leaves; None where nothing is filtered.

        Raises `NotFound` for an id that no document has.
        """
        ...

    async def mark_deleting(self, document_id: DocumentId) -> DocumentRecord:
        """From when this returns on, no search finds anything of it."""
        ...

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Remove rows, text, chunks, keyword entries and places in sessions; queue the vectors' removal in the outbox.

        The receipt counts the deep embedders' vectors, whose truth goes with the chunks, and not yet the light one's.
        Citations keep their quotes and names and lose their links. Safe to call again after a crash.
        """
        ...

    async def original_in_use(self, sha256: str) -> bool: ...
    async def storage_counts(self) -> StorageCounts: ...


class ChunkStore(Protocol):
    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        """Store a batch (the keyword index follows by triggers). Hidden from search until the document is EMBEDDING."""
        ...

    async def get(self, chunk_id: ChunkId) -> ChunkRecord: ...
    async def find(self, chunk_id: ChunkId) -> ChunkRecord | None: ...
    async def find_many(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        """Live chunks alone: those of searchable documents."""
        ...

    async def neighbour(self, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        """The chunk `step` places on (negative: before) in the same document."""
        ...

    async def neighbours(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        """The chunks right before and after each of these in its document, all in one read."""
        ...

    async def page(self, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]: ...
    async def count(self, document_id: DocumentId) -> int: ...
    async def cited_by(self, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]: ...
    async def count_cited_by(self, chunk_id: ChunkId) -> int: ...
    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        """The next chunks without an embedding, in order."""
        ...

    async def store_embeddings(
        self, document_id: DocumentId, embeddings: Sequence[tuple[ChunkId, bytes]]
    ) -> DocumentRecord:
        """Store float16 little-endian unit vectors and queue them in the outbox, in one transaction.

        Gives back the document with `embedded_chunks` and `progress` moved on.
        """
        ...


class VectorIndex(Protocol):
    """Chroma and the exact matrix, in the vectors worker; SQLite's blobs are the truth behind both."""

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        """Cosine similarity, best first; `vector` is float32 little-endian of unit length."""
        ...

    async def drain(self) -> int:
        """Apply the outbox to its end, in paced batches; gives back how many entries were applied."""
        ...

    async def count(self, document_id: DocumentId | None = None) -> int: ...


class Originals(Protocol):
    """Files by SHA-256 in the data folder."""

    async def adopt(self, file: ReceivedFile) -> None:
        """Move a received file in, durably; where these bytes are here already, only remove the received one."""
        ...

    async def discard(self, file: ReceivedFile) -> None: ...
    def path(self, sha256: str) -> Path: ...
    async def remove(self, sha256: str) -> int:
        """Bytes given back; 0 where it was gone already."""
        ...

    async def byte_size(self) -> int: ...


class SessionStore(Protocol):
    async def create(self, name: str, document_ids: Sequence[DocumentId], settings: SessionSettings) -> SessionRecord:
        """Raises `NotFound` for an unknown document."""
        ...

    async def get(self, session_id: SessionId) -> SessionRecord: ...
    async def find(self, session_id: SessionId) -> SessionRecord | None: ...
    async def find_many(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRecord]: ...
    async def page(self, filter: SessionFilter, order: Order, request: PageRequest) -> Page[SessionRecord]: ...
    async def count(self, filter: SessionFilter) -> int: ...
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
    async def document_ids(self, session_id: SessionId) -> tuple[DocumentId, ...]: ...
    async def of_document(self, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]: ...
    async def count_of_document(self, document_id: DocumentId) -> int: ...


class MessageStore(Protocol):
    async def start_exchange(
        self,
        session_id: SessionId,
        content: str,
        *,
        thinking_mode: ThinkingMode,
        model_id: ModelId,
        model_name: str,
        idempotency_key: str | None,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        """Store the prompt and a PENDING answer in one transaction; gives both, and whether the key was known already.

        Raises `Conflict` while the session has an unfinished answer.
        """
        ...

    async def get(self, message_id: MessageId) -> MessageRecord: ...
    async def find(self, message_id: MessageId) -> MessageRecord | None: ...
    async def find_many(self, message_ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]: ...
    async def page(self, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        """The active path, oldest first."""
        ...

    async def count(self, session_id: SessionId) -> int: ...
    async def history(self, session_id: SessionId, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        """The last `pairs` completed exchanges in front of the prompt `before`, oldest first; 0 gives none."""
        ...

    async def checkpoint(self, message: MessageRecord) -> None:
        """Store an unfinished answer as it stands: status, content, reasoning, citations."""
        ...

    async def finish(self, message: MessageRecord) -> MessageRecord:
        """Store an answer's end, and the session's last model, time and usage, in one transaction."""
        ...

    async def fail_unfinished(self) -> tuple[MessageRecord, ...]:
        """At start: every unfinished answer becomes FAILED (INTERRUPTED) with what it had."""
        ...

    async def delete_exchange(self, message_id: MessageId) -> tuple[MessageId, ...]:
        """Remove a prompt with its answer, given either; raises `Conflict` for one that is unfinished."""
        ...

    async def rate(self, message_id: MessageId, rating: MessageRating | None) -> MessageRecord: ...
    async def citations(self, message_id: MessageId) -> tuple[CitationRecord, ...]: ...


class ModelSettingsStore(Protocol):
    async def find(self, model_id: ModelId) -> tuple[LoadRequest, SamplingSettings] | None: ...
    async def save(self, model_id: ModelId, load: LoadRequest, sampling: SamplingSettings) -> None: ...
    async def default_model(self) -> ModelId | None: ...
    async def set_default_model(self, model_id: ModelId) -> None: ...
