"""Chunks, their neighbours, and the answers that cite them."""

from records.document import ChunkRecord
from records.ids import ChunkId
from records.page import PageRequest
from records.session import MessageRecord
from resolvers.pages import Listing
from resolvers.request_context import Context


async def find_neighbour(context: Context, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
    """Return the chunk `step` positions later in the document (earlier where negative); None if there is none."""
    return await context.chunks.neighbour(context.scope, chunk, step)


async def list_citing_messages(context: Context, chunk_id: ChunkId, request: PageRequest) -> Listing[MessageRecord]:
    return Listing(
        await context.chunks.cited_by(context.scope, chunk_id, request),
        lambda: context.chunks.count_cited_by(context.scope, chunk_id),
    )
