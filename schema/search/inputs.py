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
        description="Text to search for, 1 to 10,000 characters. In the mode KEYWORD, text in quotation marks must "
        "occur as written. In the mode HYBRID, chunks that contain it as written are ranked first. In the mode "
        "SEMANTIC, quotation marks have no effect."
    )
    mode: SearchMode = strawberry.field(default=SearchMode.HYBRID, description="Method of the search.")
    top_k: int = strawberry.field(default=5, description="Maximum number of hits. Clamped to 1 to 100.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of the documents to search; all by default, none for an empty list."
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="Search only documents that have all of these tags; an empty list does not restrict the search.",
    )
    rerank: bool = strawberry.field(
        default=False,
        description="Score the 30 best candidates with the reranker (`ServerSettings.reranker`), and fuse its ranking "
        "with the others.",
    )
    min_similarity: float | None = strawberry.field(
        default=UNSET,
        description="Cosine similarity with the light embedder (`ServerSettings.lightEmbedder`), 0 to 1, below which "
        "results of semantic search are discarded; none are discarded by default. If it is set, the deep embedder is "
        "not used.",
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
