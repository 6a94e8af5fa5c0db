"""The input of a search."""

import strawberry
from strawberry import UNSET

from records import retrieval as records
from records.retrieval import SearchMode
from schema.common import global_ids
from schema.common.mapping import or_none, tuple_or_none


@strawberry.input(description="Input of `search`: the query and its options.")
class SearchInput:
    query: str = strawberry.field(
        description="Text to search for, 1 to 10,000 characters. Text in quotation marks must occur as written."
    )
    mode: SearchMode = strawberry.field(default=SearchMode.HYBRID, description="Method of the search.")
    top_k: int = strawberry.field(default=5, description="Maximum number of hits. Clamped to 1 to 100.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of the documents to search; all by default, none for an empty list."
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET, description="Search only documents that have all of these tags."
    )
    rerank: bool = strawberry.field(
        default=False, description="Score the best candidates with the reranker, as one more ranking."
    )
    min_similarity: float | None = strawberry.field(
        default=UNSET, description="Cosine similarity, 0 to 1, below which semantic search results are discarded."
    )

    def to_record(self) -> records.RetrievalQuery:
        """Return the query. Raises `NotFound` for an invalid document id."""
        document_ids = or_none(self.document_ids)
        return records.RetrievalQuery(
            text=self.query,
            mode=self.mode,
            top_k=self.top_k,
            document_ids=None if document_ids is None else global_ids.DOCUMENT.get_keys(document_ids, "document_ids"),
            tags=tuple_or_none(self.tags),
            rerank=self.rerank,
            min_similarity=or_none(self.min_similarity),
        )
