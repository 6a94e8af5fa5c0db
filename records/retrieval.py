"""Queries to the retriever and their results: hits, and the rankings that they were chosen from."""

from dataclasses import dataclass
from enum import StrEnum

from records.document import ChunkRecord, DocumentRecord
from records.ids import ChunkId, DocumentId

MAX_QUERY_LENGTH = 10_000
"""Characters of a query."""


class SearchMode(StrEnum):
    KEYWORD = "KEYWORD"
    SEMANTIC = "SEMANTIC"
    HYBRID = "HYBRID"


class Leg(StrEnum):
    """A ranking of chunks that a retrieval consists of."""

    KEYWORD = "keyword"
    "By the words of the query (BM25)."
    DENSE = "dense"
    "By the vectors of the light embedder."
    DEEP = "deep"
    "By the vectors of the deep embedder."
    RERANK = "rerank"
    "By the reranker, which scores the best chunks of the others again."
    FUSION = "fusion"
    "Of the others together."


class LegState(StrEnum):
    RAN = "RAN"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class RetrievalQuery:
    text: str
    mode: SearchMode = SearchMode.HYBRID
    top_k: int = 5
    "1 to 100."
    document_ids: tuple[DocumentId, ...] | None = None
    "None searches all documents, an empty tuple none."
    tags: tuple[str, ...] | None = None
    rerank: bool = False
    min_similarity: float | None = None


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """One store's hit; higher is always better."""

    chunk_id: ChunkId
    score: float


@dataclass(frozen=True, slots=True)
class TextSpan:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """`matches` are code point spans in `text`."""

    text: str
    matches: tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class RetrievalHit:
    rank: int
    "From 1."
    chunk: ChunkRecord
    document: DocumentRecord
    score: float
    similarity: float | None
    bm25: float | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class RetrievalLeg:
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
