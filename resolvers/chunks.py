"""Chunks: search, their neighbours, and the answers that cite them."""

from dataclasses import replace

from records.document import ChunkRecord
from records.ids import ChunkId
from records.page import PageRequest
from records.retrieval import MAX_QUERY_LENGTH, Retrieval, RetrievalQuery
from records.session import MessageRecord
from records.values.text import encodable
from resolvers.pages import Listing, clamp
from resolvers.request_context import Context
from resolvers.validation import check_fraction, check_text

MAX_TOP_K = 100


async def search(context: Context, query: RetrievalQuery) -> Retrieval:
    """Return the chunks that match a query best; `top_k` is clamped to 1 to 100.

    Raises `InvalidInput` for a query that is empty or longer than 10,000 characters, and `NotFound` for a document that
    does not exist.
    """
    query = replace(query, text=encodable(query.text))
    check_text(query.text, MAX_QUERY_LENGTH, "query")
    check_fraction(query.min_similarity, "min_similarity")
    clamped = replace(query, top_k=clamp(query.top_k, 1, MAX_TOP_K))
    return await context.retriever.retrieve(context.scope, clamped)


async def find_neighbour(context: Context, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
    """Return the chunk `step` positions later in the document (earlier where negative); None if there is none."""
    return await context.chunks.neighbour(context.scope, chunk, step)


async def list_citing_messages(context: Context, chunk_id: ChunkId, request: PageRequest) -> Listing[MessageRecord]:
    return Listing(
        await context.chunks.cited_by(context.scope, chunk_id, request),
        lambda: context.chunks.count_cited_by(context.scope, chunk_id),
    )
