"""Queries of documents and chunks."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import documents
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info
from schema.documents.chunks import Chunk
from schema.documents.inputs import DocumentFilter, DocumentOrder
from schema.documents.types import Document


async def find_document(info: Info, global_id: str) -> Document | None:
    key = global_ids.DOCUMENT.find_key(global_id)
    record = None if key is None else await info.context.loaders.documents.load(key)
    return None if record is None else Document.from_record(record)


async def find_chunk(info: Info, global_id: str) -> Chunk | None:
    key = global_ids.CHUNK.find_key(global_id)
    record = None if key is None else await info.context.loaders.chunks.load(key)
    return None if record is None else Chunk.from_record(record)


@strawberry.type
class DocumentQueries:
    @strawberry.field(description="Return a document by its id; null for an unknown id.")
    async def document(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the document.")]
    ) -> Document | None:
        return await find_document(info, id)

    @strawberry.field(description="List documents, newest first by default.")
    async def documents(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[
            DocumentFilter | None, strawberry.argument(description="Conditions on the documents.")
        ] = UNSET,
        order_by: Annotated[
            DocumentOrder | None,
            strawberry.argument(description="Order of the documents; CREATED_AT, DESC by default."),
        ] = UNSET,
    ) -> Connection[Document]:
        conditions = (filter or DocumentFilter()).to_record()
        order = order_by.to_record() if order_by else documents.NEWEST_FIRST
        request = paging(first, after, last, before)
        listing = await documents.list_documents(info.context, conditions, order, request)
        return connect(listing, Document.from_record)

    @strawberry.field(
        description="Return a chunk by its id; null for an unknown id, or if the chunk's document is not searchable."
    )
    async def chunk(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the chunk.")]
    ) -> Chunk | None:
        return await find_chunk(info, id)
