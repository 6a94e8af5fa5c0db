"""Interface of the keyword index."""

from collections.abc import Sequence
from typing import Protocol

from records.ids import DocumentId
from records.retrieval import ScoredChunk, TextSpan


class KeywordIndex(Protocol):
    async def search(
        self, text: str, limit: int, document_ids: Sequence[DocumentId] | None, *, loosely: bool = False
    ) -> tuple[ScoredChunk, ...]:
        """BM25, higher is better, best first; any character is text. Empty where no word is left to look for.

        Only passages that hold every part that stands in double quotes; `loosely`, these too are words like others.
        """
        ...

    def has_quotation(self, text: str) -> bool:
        """Whether a part of the query with a word in it stands in double quotes."""
        ...

    def terms(self, text: str) -> tuple[str, ...]:
        """The words of a query that are looked for, casefolded."""
        ...

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        """Where words of the query stand in a passage, in order; for the snippets' marks."""
        ...
