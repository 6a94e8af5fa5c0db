"""Chunks of documents."""

import strawberry
from strawberry import UNSET

from records.document import ChunkRecord
from records.errors import NotFound
from resolvers import chunks
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import ChunkRef, DocumentRef, MessageRef
from schema.common.types import Node
from schema.documents import types as document_types
from schema.sessions import messages as message_types


@strawberry.type(description="A part of a document's text: the unit of embedding, search and citation.")
class Chunk(Node):
    record: strawberry.Private[ChunkRecord]
    index: int = strawberry.field(description="Position in the document, from 0.")
    text: str = strawberry.field(
        description="Text of the chunk: the span of `Document.text` from `startOffset` to `endOffset`."
    )
    headings: list[str] = strawberry.field(description="Headings above the chunk, outermost first.")
    start_offset: int = strawberry.field(
        description="Start of the chunk in `Document.text`, in Unicode code points from 0."
    )
    end_offset: int = strawberry.field(
        description="End of the chunk in `Document.text`, in Unicode code points, exclusive."
    )
    page_start: int | None = strawberry.field(
        description="Page on which the chunk starts, from 1; null for a document without pages."
    )
    page_end: int | None = strawberry.field(
        description="Page on which the chunk ends, from 1; null for a document without pages."
    )
    token_count: int = strawberry.field(
        description="Number of tokens, counted by the tokenizer of the light embedder (`ServerSettings.lightEmbedder`)."
    )

    @classmethod
    def from_record(cls, record: ChunkRecord) -> "Chunk":
        return from_record(cls, record, record=record, id=global_ids.CHUNK.encode(record.id))

    @strawberry.field(description="Document that the chunk belongs to.")
    async def document(self, info: Info) -> DocumentRef:
        found = await info.context.loaders.documents.load(self.record.document_id)
        if found is None:
            raise NotFound("document", self.record.document_id)
        return document_types.Document.from_record(found)

    @strawberry.field(description="Chunk before this one in the document; null for the first chunk.")
    async def previous(self, info: Info) -> ChunkRef | None:
        return await self._find_neighbour(info, -1)

    @strawberry.field(description="Chunk after this one in the document; null for the last chunk.")
    async def next(self, info: Info) -> ChunkRef | None:
        return await self._find_neighbour(info, 1)

    async def _find_neighbour(self, info: Info, step: int) -> "Chunk | None":
        found = await chunks.find_neighbour(info.context, self.record, step)
        return None if found is None else Chunk.from_record(found)

    @strawberry.field(
        description="Answers whose model input contained the chunk as a passage, newest first, whether or not the "
        "answer refers to it."
    )
    async def cited_by(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[MessageRef]:
        request = paging(first, after, last, before)
        listing = await chunks.list_citing_messages(info.context, self.record.id, request)
        return connect(listing, message_types.Message.from_record)
