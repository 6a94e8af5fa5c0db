"""Chunks, their neighbours, and the answers that cite them."""

from records.document import ChunkRecord
from records.ids import ChunkId
from records.page import PageRequest
from records.session import MessageRecord
from resolvers.context import Context
from resolvers.pages import Listing


async def find(context: Context, chunk_id: ChunkId) -> ChunkRecord | None:
    return await context.chunks.find(chunk_id)


async def neighbour(context: Context, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
    return await context.chunks.neighbour(chunk, step)


async def cited_by(context: Context, chunk_id: ChunkId, request: PageRequest) -> Listing[MessageRecord]:
    return Listing(await context.chunks.cited_by(chunk_id, request), lambda: context.chunks.count_cited_by(chunk_id))
