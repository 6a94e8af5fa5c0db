"""Documents: their state, text, outline and embeddings."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentSource, DocumentStatus, HeadingRecord
from records.events import Change, ChangeKind
from records.ids import DocumentId
from resolvers import documents
from schema.access import types as access_types
from schema.collections import types as collection_types
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import ChunkRef, CollectionRef, SessionRef, UserRef
from schema.common.scalars import BigInt
from schema.common.types import Node
from schema.documents import chunks as chunk_types
from schema.sessions import types as session_types


class EmbedderRole(Enum):
    LIGHT = "LIGHT"
    DEEP = "DEEP"


describe(
    DocumentStatus,
    "State of a document's ingestion. `reprocessDocument` removes the text and starts again with "
    "PENDING. After an update of its parsers, the server also extracts the texts of READY documents "
    "again in the background. Such a document remains READY, and searches find its old text until the "
    "new text replaces it.",
    PENDING="Queued for ingestion; not searchable.",
    PARSING="The text is being extracted and divided into chunks; not searchable.",
    CHUNKING="Does not occur at present, because the text is divided into chunks while it is extracted (PARSING).",
    EMBEDDING="Keyword search finds the document. Its chunks are being embedded; semantic search finds those "
    "that are embedded.",
    READY="Keyword search and semantic search find the document.",
    FAILED="Ingestion failed, and what it had stored was removed; not searchable. `Document.error` has the reason.",
    CANCELED="Ingestion was canceled, and what it had stored was removed; not searchable.",
    DELETING="The document is being erased; no search finds it.",
)
describe(
    DocumentSource,
    "Origin of a document.",
    UPLOAD="An uploaded file.",
    TEXT="A text that the client sent.",
    URL="A file fetched from a URL.",
    PATH="A file read from an import root on the server.",
)
describe(
    EmbedderRole,
    "Role of an embedder, a model that computes vectors of texts for semantic search.",
    LIGHT="The light embedder: a fast model that embeds every document during ingestion.",
    DEEP="The deep embedder: a slower and more accurate model that embeds documents in the background. It is optional.",
)


@strawberry.type(description="Counts of the parts of a file that could be read, and warnings about the others.")
class ExtractionCoverage:
    pages: int | None = strawberry.field(description="Number of pages; null for a format without pages.")
    pages_with_text: int | None = strawberry.field(
        description="Number of pages with a text layer or recognized text; null for a format without pages."
    )
    pages_recognized: int | None = strawberry.field(
        description="Number of pages whose text was recognized from an image (OCR); null for a format without pages."
    )
    tables: int | None = strawberry.field(
        description="Number of tables that were extracted. Null for formats in which they are not counted: plain "
        "text, source code, JSON, and XML other than DocBook."
    )
    pictures: int | None = strawberry.field(
        description="Number of pictures in the file. Null for formats in which they are not counted: plain text, "
        "source code, CSV, JSON, XLS, and XML other than DocBook. Text inside pictures is extracted only "
        "on the pages that `pagesRecognized` counts."
    )
    warnings: list[str] = strawberry.field(description="Content that could not be read, one sentence for each problem.")


@strawberry.type(description="Reason why the ingestion of a document failed.")
class IngestionError:
    stage: DocumentStatus = strawberry.field(
        description="Status of the document when its ingestion failed: PENDING, PARSING or EMBEDDING."
    )
    code: ErrorCode = strawberry.field(description="Machine-readable reason.")
    message: str = strawberry.field(description="Human-readable reason in English.")
    retryable: bool = strawberry.field(
        description="True if `reprocessDocument` may succeed without a change of the file or the settings."
    )


@strawberry.type(description="A heading in a document's outline.")
class Heading:
    text: str = strawberry.field(description="Text of the heading.")
    level: int = strawberry.field(description="Nesting level; 1 is the outermost.")
    offset: int = strawberry.field(description="Position in `Document.text`, in Unicode code points from 0.")
    page: int | None = strawberry.field(description="Page of the heading, from 1; null for a document without pages.")


@strawberry.type(description="Progress of one embedder on a document. `EmbedderRole` describes the two embedders.")
class EmbeddingIndex:
    model: str = strawberry.field(description="Name of the embedder.")
    dimensions: int = strawberry.field(description="Number of dimensions of the embedder's vectors.")
    role: EmbedderRole = strawberry.field(description="Role of the embedder.")
    embedded_chunks: int = strawberry.field(
        description="Number of the document's chunks that have a vector of this embedder."
    )
    complete: bool = strawberry.field(
        description="True if the document is READY and every chunk has a vector of this embedder."
    )


@strawberry.type(
    description="A document: its original, its extracted text and the state of its ingestion. A document with the "
    "status EMBEDDING or READY is parsed; one that is PENDING, PARSING, FAILED or CANCELED has no text "
    "and no chunks. While a document is DELETING, its text and chunks are being erased, and its other "
    "fields keep the values that they had before."
)
class Document(Node):
    record: strawberry.Private[DocumentRecord]
    name: str = strawberry.field(
        description="Display name: one line of 1 to 300 characters without slashes, backslashes and control "
        "characters; by default the file name, or the first words of a text."
    )
    title: str | None = strawberry.field(
        description="Title found in the document itself; null if it has none or is not parsed yet."
    )
    media_type: str = strawberry.field(
        description="Media type, detected from the content; the file name, and the media type that a client states for a "
        "text, are only hints."
    )
    byte_size: BigInt = strawberry.field(description="Size of the original in bytes.")
    sha256: str = strawberry.field(
        description="SHA-256 of the original, in hexadecimal. Uploading the same bytes again returns the same document."
    )
    source: DocumentSource = strawberry.field(description="Origin of the document.")
    status: DocumentStatus = strawberry.field(description="State of the ingestion.")
    progress: float = strawberry.field(
        description="Completed share of the current stage, 0 to 1: 1 for a READY document, 0 for one that is "
        "PENDING, FAILED or CANCELED. A DELETING document keeps its last value."
    )
    error: IngestionError | None = strawberry.field(
        description="Reason of the failure; null unless `status` is FAILED, or was FAILED before DELETING."
    )
    page_count: int | None = strawberry.field(
        description="Number of pages; null if the format has no pages or the document is not parsed yet."
    )
    character_count: int | None = strawberry.field(
        description="Length of the extracted text in Unicode code points; null until the document is parsed."
    )
    token_count: int | None = strawberry.field(
        description="Number of tokens of the text, counted by the tokenizer of the light embedder "
        "(`ServerSettings.lightEmbedder`); null until the document is parsed."
    )
    chunk_count: int = strawberry.field(description="Number of chunks; 0 until the document is parsed.")
    tags: list[str] = strawberry.field(
        description="Tags in the order in which the client set them. No two of them differ only in case."
    )
    metadata: JSON | None = strawberry.field(
        description="JSON value that the client stored with the document; null if there is none."
    )
    coverage: ExtractionCoverage | None = strawberry.field(
        description="Counts of the parts of the file that could be read; null until the document is parsed."
    )
    created_at: datetime = strawberry.field(description="Time at which the document was stored.")
    updated_at: datetime = strawberry.field(description="Time of the last change, including progress of the ingestion.")

    @classmethod
    def from_record(cls, record: DocumentRecord) -> "Document":
        return from_record(cls, record, record=record, id=global_ids.DOCUMENT.encode(record.id))

    @strawberry.field(
        description="URL after redirects, or path on the server; null for an upload or a text, and for viewers "
        "other than administrators."
    )
    def source_uri(self, info: Info) -> str | None:
        return self.record.source_uri if info.context.scope.is_admin else None

    @strawberry.field(
        description="Path on this server from which a GET request downloads the original; null if the original is not "
        "stored. If the server requires credentials, the path has a signature that authorizes the download without "
        "them for 15 minutes, but not longer than the log-in."
    )
    def download_url(self, info: Info) -> str | None:
        return info.context.sign_link(f"/documents/{self.id}/original") if self.record.has_original else None

    @strawberry.field(
        description="At most `length` Unicode code points of the extracted text, starting at `offset`. Empty if the "
        "document is not parsed yet, or if `offset` is at or past the end of the text."
    )
    async def text(
        self,
        info: Info,
        offset: Annotated[
            int,
            strawberry.argument(description="Position of the first code point, from 0. A negative value counts as 0."),
        ] = 0,
        length: Annotated[
            int, strawberry.argument(description="Maximum number of code points. Clamped to 1 to 1,000,000.")
        ] = 100_000,
    ) -> str:
        return await documents.read_text(info.context, self.record, offset, length)

    @strawberry.field(
        description="Headings in document order; empty until the document is parsed.", graphql_type=list[Heading]
    )
    async def outline(self, info: Info) -> tuple[HeadingRecord, ...]:
        return await documents.read_outline(info.context, self.record.id)

    @strawberry.field(description="Chunks in document order; empty until the document is parsed.")
    async def chunks(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[ChunkRef]:
        request = paging(first, after, last, before)
        listing = await documents.list_chunks(info.context, self.record.id, request)
        return connect(listing, chunk_types.Chunk.from_record)

    @strawberry.field(
        description="User who owns the document; null if a collection owns it, or if the viewer may not see the user."
    )
    async def owner(self, info: Info) -> UserRef | None:
        record = None if self.record.owner_id is None else await info.context.loaders.users.load(self.record.owner_id)
        return None if record is None else access_types.User.from_record(record)

    @strawberry.field(description="Collections that contain the document and to which the viewer has access.")
    async def collections(self, info: Info) -> list[CollectionRef]:
        found = await info.context.loaders.collections.load_many(list(self.record.collection_ids))
        return [collection_types.Collection.from_record(record) for record in found if record is not None]

    @strawberry.field(description="Sessions to which the document is attached, newest first.")
    async def sessions(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[SessionRef]:
        request = paging(first, after, last, before)
        listing = await documents.list_sessions_of_document(info.context, self.record.id, request)
        return connect(listing, session_types.Session.from_record)

    @strawberry.field(description="Progress of each configured embedder on the document, the light embedder first.")
    async def embeddings(self, info: Info) -> list[EmbeddingIndex]:
        settings = info.context.settings
        is_ready = self.record.status is DocumentStatus.READY
        light = EmbeddingIndex(
            model=settings.light_embedder,
            dimensions=settings.light_dimensions,
            role=EmbedderRole.LIGHT,
            embedded_chunks=self.record.embedded_chunks,
            complete=is_ready,
        )
        if settings.deep_embedder is None or settings.deep_dimensions is None:
            return [light]
        done = await info.context.loaders.deep_chunks.load(self.record.id) or 0
        deep = EmbeddingIndex(
            model=settings.deep_embedder,
            dimensions=settings.deep_dimensions,
            role=EmbedderRole.DEEP,
            embedded_chunks=done,
            complete=is_ready and done >= self.record.chunk_count,
        )
        return [light, deep]


@strawberry.type(description="A change of a document.")
class DocumentEvent:
    change: ChangeKind = strawberry.field(description="Kind of change.")
    document_id: strawberry.ID | None = strawberry.field(description="Id of the document; null for SNAPSHOT_END only.")
    document: Document | None = strawberry.field(
        description="State of the document after the change; null for REMOVED and SNAPSHOT_END."
    )
    source_event: strawberry.Private[Change[DocumentRecord]]

    @classmethod
    def from_change(cls, change: Change[DocumentRecord]) -> "DocumentEvent":
        key = None if change.key is None else DocumentId(int(change.key))
        return cls(
            change=change.kind,
            document_id=global_ids.DOCUMENT.encode_optional(key),
            document=None if change.record is None else Document.from_record(change.record),
            source_event=change,
        )
