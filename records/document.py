"""Documents, their chunks and what ingestion says of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from records.codes import ErrorCode
from records.ids import ChunkId, DocumentId


class DocumentStatus(StrEnum):
    PENDING = "PENDING"
    PARSING = "PARSING"
    CHUNKING = "CHUNKING"
    EMBEDDING = "EMBEDDING"
    READY = "READY"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    DELETING = "DELETING"


SEARCHABLE = (DocumentStatus.EMBEDDING, DocumentStatus.READY)
"""The statuses in which a document's chunks are found: by words from EMBEDDING on, by meaning as they are embedded."""

UNFINISHED = (DocumentStatus.PENDING, DocumentStatus.PARSING, DocumentStatus.CHUNKING, DocumentStatus.EMBEDDING)
"""The statuses in which a job is at work or waits; what a start finds in them is resumed."""


class DocumentSource(StrEnum):
    UPLOAD = "UPLOAD"
    TEXT = "TEXT"
    URL = "URL"
    PATH = "PATH"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that arrived whole in the data folder's `incoming/`, hashed while it was read."""

    path: Path
    filename: str
    "The client's name for it: shown, never used as a path."
    byte_size: int
    sha256: str
    content_type: str | None = None
    "What the client claims; a hint at best."


@dataclass(frozen=True, slots=True)
class Chunking:
    """Bounds of a chunk in tokens of the light embedder: 16 to 256, and 0 to half of that."""

    max_tokens: int = 256
    overlap_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ExtractionCoverage:
    pages: int | None
    pages_with_text: int | None
    pages_recognized: int | None
    tables: int | None
    pictures: int | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestionError:
    stage: DocumentStatus
    code: ErrorCode
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class HeadingRecord:
    text: str
    level: int
    "1 is the outermost."
    offset: int
    "Code points into the document's text."
    page: int | None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    id: DocumentId
    name: str
    title: str | None
    media_type: str
    byte_size: int
    sha256: str
    source: DocumentSource
    source_uri: str | None
    status: DocumentStatus
    progress: float
    error: IngestionError | None
    page_count: int | None
    character_count: int | None
    token_count: int | None
    chunk_count: int
    embedded_chunks: int
    tags: tuple[str, ...]
    metadata: Any
    coverage: ExtractionCoverage | None
    chunking: Chunking
    has_original: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is known of a document when it arrives."""

    name: str
    media_type: str
    byte_size: int
    sha256: str
    source: DocumentSource
    source_uri: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Any = None
    chunking: Chunking = field(default_factory=Chunking)


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """In points, from the page's top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk as the chunker made it. `text` is the document's text from `start_offset` to `end_offset`, exactly."""

    index: int
    text: str
    context: str
    "What is embedded in front of the text: title and headings, joined by ' › '; may be empty."
    headings: tuple[str, ...]
    start_offset: int
    end_offset: int
    page_start: int | None
    page_end: int | None
    token_count: int
    bounding_box: BoundingBox | None = None


class _Embedded:
    """The text of a chunk as it is embedded."""

    __slots__ = ()
    context: str
    text: str

    @property
    def embedded_text(self) -> str:
        """Title and headings, then the body: the body alone often does not name its subject."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class ChunkRecord(_Embedded):
    id: ChunkId
    document_id: DocumentId
    index: int
    text: str
    context: str
    headings: tuple[str, ...]
    start_offset: int
    end_offset: int
    page_start: int | None
    page_end: int | None
    token_count: int
    bounding_box: BoundingBox | None


@dataclass(frozen=True, slots=True)
class StagedChunk(_Embedded):
    """A chunk that waits to take its document's place; `id` is its own among those that wait."""

    id: int
    text: str
    context: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What parsing learned of the document as a whole, once its last chunk is out."""

    media_type: str
    title: str | None
    page_count: int | None
    character_count: int
    token_count: int
    coverage: ExtractionCoverage
    outline: tuple[HeadingRecord, ...]
    properties: dict[str, Any]
    "Core properties of the file (author, created, ...), JSON values."
    parser_version: int
    "What read it; 1 and up."


@dataclass(frozen=True, slots=True)
class EraseReceipt:
    """What was erased, each store counted again afterwards."""

    chunks: int = 0
    keyword_entries: int = 0
    vectors: int = 0
    messages: int = 0
    originals: int = 0
    bytes: int = 0
