"""Queries to the retriever and their results: hits, and the rankings from which they were selected."""

from dataclasses import dataclass
from enum import StrEnum

from records.document import ChunkRecord, DocumentRecord
from records.ids import ChunkId, CollectionId, DocumentId

MAX_QUERY_LENGTH = 10_000
"""Maximum length of a query in code points."""


class SearchMode(StrEnum):
    KEYWORD = "KEYWORD"
    SEMANTIC = "SEMANTIC"
    HYBRID = "HYBRID"


class Leg(StrEnum):
    """A ranking of chunks that a retrieval consists of."""

    KEYWORD = "keyword"
    "BM25 of the query's words."
    DENSE = "dense"
    "Similarity of the light embedder's vectors."
    DEEP = "deep"
    "Similarity of the deep embedder's vectors."
    RERANK = "rerank"
    "Scores of the reranker for the best chunks of the other rankings."
    FUSION = "fusion"
    "The other rankings combined."


class LegState(StrEnum):
    RAN = "RAN"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class SearchedDocuments:
    """The documents that are searched: those with the given ids, and those of the given collections."""

    document_ids: tuple[DocumentId, ...] = ()
    collection_ids: tuple[CollectionId, ...] = ()

    @property
    def are_none(self) -> bool:
        """True if nothing is searched."""
        return not self.document_ids and not self.collection_ids


@dataclass(frozen=True, slots=True)
class RetrievalQuery:
    text: str
    mode: SearchMode = SearchMode.HYBRID
    top_k: int = 5
    "1 to 100."
    searched: SearchedDocuments | None = None
    "None searches all documents of the scope."
    tags: tuple[str, ...] | None = None
    rerank: bool = False
    min_similarity: float | None = None


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A hit of one index. A higher score is better."""

    chunk_id: ChunkId
    score: float


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A span in code points: `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, and the spans in it that match the query."""

    text: str
    matches: tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class RetrievalHit:
    rank: int
    "Rank from 1."
    chunk: ChunkRecord
    document: DocumentRecord
    score: float
    similarity: float | None
    bm25: float | None


@dataclass(frozen=True, slots=True)
class RetrievalLeg:
    """A ranking with its state. `message` is the reason if it did not run."""

    name: Leg
    state: LegState
    message: str | None
    candidates: int
    took_ms: float
    ranking: tuple[ScoredChunk, ...]


@dataclass(frozen=True, slots=True)
class Retrieval:
    query: RetrievalQuery
    hits: tuple[RetrievalHit, ...]
    legs: tuple[RetrievalLeg, ...]
    dropped_duplicates: int
    took_ms: float
