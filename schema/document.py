"""A document as the graph shows it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentSource, DocumentStatus, HeadingRecord
from resolvers import documents
from schema import ids
from schema.chunk import Chunk
from schema.connections import After, Before, Connection, First, Last, connect, paging
from schema.embedding import EmbedderRole, EmbeddingIndex
from schema.enums import describe
from schema.info import Info
from schema.mapping import made_from
from schema.node import Node
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.session import Session

describe(
    DocumentStatus,
    "What ingestion has done with a document.",
    PENDING="Waits for its turn.",
    PARSING="Its text is being read.",
    CHUNKING="Its text is being cut into chunks.",
    EMBEDDING="It is found by its words; its meaning is being indexed.",
    READY="It is found by words and by meaning.",
    FAILED="It could not be ingested; `error` says why.",
    CANCELED="Someone stopped its ingestion.",
    DELETING="It is being erased and is not found any more.",
)
describe(
    DocumentSource,
    "How a document came in.",
    UPLOAD="As a file that was sent.",
    TEXT="As a text that was sent.",
    URL="Fetched from an address.",
    PATH="Read from an import root on the server.",
)


@strawberry.type(description="What could be read of a file.")
class ExtractionCoverage:
    pages: int | None = strawberry.field(description="Pages of the file, where it has pages.")
    pages_with_text: int | None = strawberry.field(description="Pages on which text was found.")
    pages_recognized: int | None = strawberry.field(description="Pages whose text was recognized from pictures.")
    tables: int | None = strawberry.field(description="Tables that were read.")
    pictures: int | None = strawberry.field(
        description="Pictures that were seen; what they show was read on recognized pages alone."
    )
    warnings: list[str] = strawberry.field(description="What could not be read, in sentences.")


@strawberry.type(description="Why a document could not be ingested.")
class IngestionError:
    stage: DocumentStatus = strawberry.field(description="The stage that failed.")
    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong, for people.")
    retryable: bool = strawberry.field(description="Whether `reprocessDocument` may help as things are.")


@strawberry.type(description="A heading of a document's outline.")
class Heading:
    text: str = strawberry.field(description="Its words.")
    level: int = strawberry.field(description="Its depth; 1 is the outermost.")
    offset: int = strawberry.field(description="Where it stands in `Document.text`, in characters.")
    page: int | None = strawberry.field(description="Its page, where the document has pages.")


@strawberry.type(description="A document, from its bytes to searchable chunks.")
class Document(Node):
    record: strawberry.Private[DocumentRecord]
    name: str = strawberry.field(description="What people call it; the file's name unless one was given.")
    title: str | None = strawberry.field(description="The title that the document itself has.")
    media_type: str = strawberry.field(description="Its type, as told from the bytes.")
    byte_size: BigInt = strawberry.field(description="Bytes of the original.")
    sha256: str = strawberry.field(
        description="SHA-256 of the original, hex. The same bytes uploaded again return the same document."
    )
    source: DocumentSource = strawberry.field(description="How it came in.")
    source_uri: str | None = strawberry.field(description="The address or path that it came from.")
    status: DocumentStatus = strawberry.field(description="What ingestion has done with it.")
    progress: float = strawberry.field(description="Share of the current stage that is done, 0 to 1.")
    error: IngestionError | None = strawberry.field(description="Why it is FAILED.")
    page_count: int | None = strawberry.field(description="Its pages, where it has pages.")
    character_count: int | None = strawberry.field(description="Characters of its text, once that was read.")
    token_count: int | None = strawberry.field(description="Tokens of its text, as the light embedder counts.")
    chunk_count: int = strawberry.field(description="How many chunks it was cut into.")
    tags: list[str] = strawberry.field(description="The tags that people gave it.")
    metadata: JSON | None = strawberry.field(description="Whatever its owner stored with it.")
    coverage: ExtractionCoverage | None = strawberry.field(
        description="What could be read of it and what could not; a scan without text never looks like a success."
    )
    created_at: datetime = strawberry.field(description="When it came in.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @classmethod
    def of(cls, record: DocumentRecord) -> "Document":
        return made_from(cls, record, record=record, id=ids.DOCUMENT.of(record.id))

    @strawberry.field(description="Where the original can be fetched; null where originals are not kept.")
    def download_url(self, info: Info) -> str | None:
        return info.context.sign_link(f"/documents/{self.id}/original") if self.record.has_original else None

    @strawberry.field(
        description="The extracted text by id, so that a prompt never has to carry it. "
        "`offset` and `length` are in characters."
    )
    async def text(
        self,
        info: Info,
        offset: Annotated[int, strawberry.argument(description="Where to begin, from 0.")] = 0,
        length: Annotated[int, strawberry.argument(description="1 to 1,000,000.")] = 100_000,
    ) -> str:
        return await documents.read_text(info.context, self.record.id, offset, length)

    @strawberry.field(description="Its headings, in order.", graphql_type=list[Heading])
    async def outline(self, info: Info) -> tuple[HeadingRecord, ...]:
        return await documents.read_outline(info.context, self.record.id)

    @strawberry.field(description="Its chunks, in order.")
    async def chunks(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Chunk]:
        request = paging(first, after, last, before)
        return connect(await documents.list_chunks(info.context, self.record.id, request), Chunk.of)

    @strawberry.field(description="The sessions that it is attached to.")
    async def sessions(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Annotated["Session", strawberry.lazy("schema.session")]]:
        from schema.session import Session

        request = paging(first, after, last, before)
        return connect(await documents.list_sessions_of_document(info.context, self.record.id, request), Session.of)

    @strawberry.field(description="How far each embedding model has indexed it.")
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
