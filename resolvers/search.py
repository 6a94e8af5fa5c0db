"""Search: one retrieval, checked and clamped."""

from dataclasses import replace

from records.retrieval import Retrieval, RetrievalQuery
from resolvers.context import Context
from resolvers.pages import clamp
from resolvers.validation import MAX_QUERY, check_fraction, check_text

MAX_TOP_K = 100


async def search(context: Context, query: RetrievalQuery) -> Retrieval:
    """Raises `InvalidInput` for a query that is empty or has more than 10,000 characters, `NotFound` for a document."""
    query = replace(query, text=query.text.encode("utf-8", "replace").decode())  # half surrogate pairs become `?`
    check_text(query.text, MAX_QUERY, "The query", "query")
    check_fraction(query.min_similarity, "minSimilarity", "min_similarity")
    return await context.retriever.retrieve(replace(query, top_k=clamp(query.top_k, 1, MAX_TOP_K)))
