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
        "occur as written. In the mode HYBRID, chunks that contain all quoted texts as written are "
        "ranked first. Chunks with a rare identifier of the query follow, such as the part number "
        "`KX-3007`; an identifier is rare if at most 3 of the searched chunks contain it. All other "
        "chunks are ranked after these. In the mode SEMANTIC, quotation marks and identifiers have no "
        "effect on the order."
    )
    mode: SearchMode = strawberry.field(default=SearchMode.HYBRID, description="Method of the search.")
    top_k: int = strawberry.field(default=5, description="Maximum number of hits. Clamped to 1 to 100.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="Ids of the documents to search, besides those of `collectionIds`. If neither is given, all "
        "documents are "
        "searched; an empty list adds none.",
    )
    collection_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of the collections whose documents are searched, besides `documentIds`."
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="Search only documents that have all of these tags, ignoring case; an empty list does not "
        "restrict the search.",
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
        """Return the query. Raises `NotFound` for an invalid id."""
        document_ids, collection_ids = or_none(self.document_ids), or_none(self.collection_ids)
        searched = records.SearchedDocuments(
            global_ids.DOCUMENT.get_keys(document_ids or (), "document_ids"),
            global_ids.COLLECTION.get_keys(collection_ids or (), "collection_ids"),
        )
        return records.RetrievalQuery(
            text=self.query,
            mode=self.mode,
            top_k=self.top_k,
            searched=None if document_ids is None and collection_ids is None else searched,
            tags=tuple_or_none(self.tags),
            rerank=self.rerank,
            min_similarity=or_none(self.min_similarity),
        )
