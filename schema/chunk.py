"""A chunk as the graph shows it."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from records.document import ChunkRecord
from records.errors import NotFound
from resolvers import chunks
from schema import ids
from schema.connections import After, Before, Connection, First, Last, connect, paging
from schema.info import Info
from schema.mapping import made_from
from schema.node import Node

if TYPE_CHECKING:
    from schema.document import Document
    from schema.message import Message


@strawberry.type(description="A piece of a document's text: what is embedded, found and cited.")
class Chunk(Node):
    record: strawberry.Private[ChunkRecord]
    index: int = strawberry.field(description="Position in the document, from 0.")
    text: str = strawberry.field(description="Its text, exactly as in its span of `Document.text`.")
    headings: list[str] = strawberry.field(description="The headings above it, outermost first.")
    start_offset: int = strawberry.field(description="Character span in `Document.text`.")
    end_offset: int = strawberry.field(description="Where its span ends: the first character behind it.")
    page_start: int | None = strawberry.field(description="The page that it begins on, where there are pages.")
    page_end: int | None = strawberry.field(description="The page that it ends on, where there are pages.")
    token_count: int = strawberry.field(description="Its tokens, as the light embedder counts.")

    @classmethod
    def of(cls, record: ChunkRecord) -> "Chunk":
        return made_from(cls, record, record=record, id=ids.CHUNK.of(record.id))

    @strawberry.field(description="The document that it is a piece of.")
    async def document(self, info: Info) -> Annotated["Document", strawberry.lazy("schema.document")]:
        from schema.document import Document

        found = await info.context.loaders.documents.load(self.record.document_id)
        if found is None:
            raise NotFound("document", self.record.document_id)
        return Document.of(found)

    @strawberry.field(description="The chunk in front of it.")
    async def previous(self, info: Info) -> Annotated["Chunk", strawberry.lazy("schema.chunk")] | None:
        return await self._neighbour(info, -1)

    @strawberry.field(description="The chunk behind it.")
    async def next(self, info: Info) -> Annotated["Chunk", strawberry.lazy("schema.chunk")] | None:
        return await self._neighbour(info, 1)

    async def _neighbour(self, info: Info, step: int) -> "Chunk | None":
        found = await chunks.find_neighbour(info.context, self.record, step)
        return None if found is None else Chunk.of(found)

    @strawberry.field(description="The answers that were given it as a passage.")
    async def cited_by(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Annotated["Message", strawberry.lazy("schema.message")]]:
        from schema.message import Message

        request = paging(first, after, last, before)
        return connect(await chunks.list_citing_messages(info.context, self.record.id, request), Message.of)
