"""Interface of the keyword index, implemented by `persistence/search/keywords.py`."""

from collections.abc import Sequence
from typing import Protocol

from records.access import AnyScope
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk, TextSpan


class KeywordIndex(Protocol):
    """Full-text search over the chunks of searchable documents.

    Scores, ranks and numbers of matches depend on no chunk outside of `scope`. `document_ids` restricts the hits further,
    but not the statistics; None does not restrict them.
    """

    async def search(
        self,
        scope: AnyScope,
        text: str,
        limit: int,
        document_ids: Sequence[DocumentId] | None,
        *,
        loosely: bool = False,
    ) -> tuple[ScoredChunk, ...]:
        """Return chunks by BM25 score, best (highest) first. Empty if the query has no word to search for.

        No character in `text` is an operator, except double quotes: chunks must contain every part of the query in double
        quotes. With `loosely`, this is not required, and quoted words are treated like the others.
        """
        ...

    async def rare_matches(
        self, scope: AnyScope, text: str, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ChunkId, ...]:
        """Return the chunks with an identifier of the query, such as a part number, that only a few chunks contain."""
        ...

    def has_quotation(self, text: str) -> bool:
        """Return whether a query has a part in double quotes that contains a word."""
        ...

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        """Return the spans of a passage that match words of the query, in order, for highlighting."""
        ...
