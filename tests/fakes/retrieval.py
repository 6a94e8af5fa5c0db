"""A retriever that finds scripted hits."""

from records.access import AccessScope
from records.retrieval import Retrieval, RetrievalHit, RetrievalQuery, Snippet, TextSpan


class FakeRetriever:
    def __init__(self, *hits: RetrievalHit) -> None:
        self.hits = hits
        self.last_query: RetrievalQuery | None = None

    async def retrieve(self, access: AccessScope, query: RetrievalQuery) -> Retrieval:
        self.last_query = query
        return Retrieval(query, self.hits, (), 0, 1.5)

    def make_snippet(self, query: str, text: str) -> Snippet:
        start = text.lower().index(query.lower())
        return Snippet(text, (TextSpan(start, start + len(query)),))
