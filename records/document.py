"""Documents, their chunks, and the results and errors of ingestion."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Final

from records.codes import ErrorCode
from records.ids import ChunkId, CollectionId, DocumentId, UserId


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
"""The statuses in which searches find a document's chunks. Vector search finds those that are embedded."""

UNFINISHED = (DocumentStatus.PENDING, DocumentStatus.PARSING, DocumentStatus.CHUNKING, DocumentStatus.EMBEDDING)
"""The statuses of documents with an ingestion job. A start of the server continues these jobs."""


class DocumentSource(StrEnum):
    UPLOAD = "UPLOAD"
    TEXT = "TEXT"
    URL = "URL"
    PATH = "PATH"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A completely received file in the data folder's `incoming/`."""

    path: Path
    filename: str
    "Name that the client sent. It is displayed and never used as a path."
    byte_size: int
    sha256: str
    content_type: str | None = None
    "Media type that the client sent; a hint."


@dataclass(frozen=True, slots=True)
class Chunking:
    """Limits of a chunk in tokens of the light embedder: 16 to 256, with an overlap of 0 to half of that."""

    max_tokens: int = 256
    overlap_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ExtractionCoverage:
    """The numbers of pages, tables and pictures in a document, and warnings about content that could not be read.

    A number is None if the format has no such parts or if they are not counted.
    """

    pages: int | None
    pages_with_text: int | None
    pages_recognized: int | None
    tables: int | None
    pictures: int | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestionError:
    """The failure of an ingestion job, and the status in which it failed."""

    stage: DocumentStatus
    code: ErrorCode
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class HeadingRecord:
    text: str
    level: int
    "Level from 1, the outermost."
    offset: int
    "Offset in the document's text in code points."
    page: int | None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    id: DocumentId
    owner_id: UserId | None
    "The user who owns the document; None if a collection owns it."
    owning_collection_id: CollectionId | None
    "The collection that owns the document; None for a document of a user."
    collection_ids: tuple[CollectionId, ...]
    "All collections that contain the document. The reader need not have access to each of them."
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
    """A document as it is received, before it is parsed."""

    name: str
    media_type: str
    byte_size: int
    sha256: str
    source: DocumentSource
    source_uri: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Any = None
    chunking: Chunking = field(default_factory=Chunking)
    owning_collection_id: CollectionId | None = None
    "The collection that owns the document; None for a document of the user who sends it."


class Unchanged(Enum):
    """The type of `UNCHANGED`, for fields in which None is a value."""

    UNCHANGED = "UNCHANGED"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class DocumentChanges:
    """New values of a document's fields. None, or `UNCHANGED` for the metadata, does not change the field."""

    name: str | None = None
    tags: tuple[str, ...] | None = None
    metadata: Any = UNCHANGED
    "Any JSON value; None removes the metadata."


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A rectangle on a page, in points from the top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk that is not stored yet. `text` equals the document's text from `start_offset` up to `end_offset`."""

    index: int
    text: str
    context: str
    "Title and headings, joined by ' › ', which are embedded in front of the text; may be empty."
    headings: tuple[str, ...]
    start_offset: int
    end_offset: int
    page_start: int | None
    page_end: int | None
    token_count: int
    bounding_box: BoundingBox | None = None


class _Embedded:
    """A chunk with a text to embed."""

    __slots__ = ()
    context: str
    text: str

    @property
    def embedded_text(self) -> str:
        """The text to embed: title and headings, then the body, which alone often does not name its subject."""
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
    """A chunk of a document that is parsed again. `id` is its id in the staging area."""

    id: int
    text: str
    context: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The results of parsing that concern a document as a whole. The parser returns them after the last chunk."""

    media_type: str
    title: str | None
    page_count: int | None
    character_count: int
    token_count: int
    coverage: ExtractionCoverage
    outline: tuple[HeadingRecord, ...]
    properties: dict[str, Any]
    "Core properties of the file (author, creation time and others) as JSON values."
    parser_version: int
    "Version of the parser, from 1."


@dataclass(frozen=True, slots=True)
class EraseReceipt:
    """Numbers of erased items: the difference between counts before and after the erasure."""

    chunks: int = 0
    keyword_entries: int = 0
    vectors: int = 0
    messages: int = 0
    originals: int = 0
    bytes: int = 0
