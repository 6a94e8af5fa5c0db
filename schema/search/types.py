"""Search results and the trace of their ranking."""

from collections.abc import Sequence

import strawberry

from records import retrieval as records
from records.retrieval import LegState, SearchMode
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.documents.chunks import Chunk
from schema.documents.types import Document

describe(
    SearchMode,
    "Method of a search. `ThinkingMode` also has a value HYBRID, which is not related.",
    KEYWORD="Full-text search for the words of the query, ranked by BM25.",
    SEMANTIC="Chunks ranked by the cosine similarity of their vectors to the vector of the query, both from "
    "the light embedder. If a deep embedder is configured, the ranking by its vectors is fused with "
    "this one.",
    HYBRID="Keyword search and semantic search, fused into one ranking.",
)
describe(
    LegState,
    "State of one ranking.",
    RAN="The ranking was computed. It is incomplete if its time limit was reached; `RetrievalLeg.message` states that.",
    SKIPPED="The ranking was not computed; `RetrievalLeg.message` has the reason.",
    FAILED="The ranking failed; the result is based on the others.",
)


@strawberry.type(description="A span of text, in Unicode code points.")
class TextSpan:
    start: int = strawberry.field(description="Start of the span, from 0.")
    end: int = strawberry.field(description="End of the span, exclusive.")


@strawberry.type(description="An excerpt of a chunk with the matched words.")
class Snippet:
    text: str = strawberry.field(description="The excerpt, at most 320 Unicode code points.")
    matches: list[TextSpan] = strawberry.field(
        description="Spans of words of the query in `text`; empty if it contains none of them."
    )


@strawberry.type(description="A chunk that matches the query.")
class SearchHit:
    rank: int = strawberry.field(description="Position in the result, from 1.")
    chunk: Chunk = strawberry.field(description="The chunk.")
    document: Document = strawberry.field(description="Document that the chunk belongs to.")
    score: float = strawberry.field(
        description="Score by which the hits are ordered; higher is better. If a single ranking was computed, it is "
        "the BM25 score (mode KEYWORD) or the cosine similarity (mode SEMANTIC); otherwise it is the "
        "score of the fused rankings, 0 or more. Scores of different searches are not comparable."
    )
    similarity: float | None = strawberry.field(
        description="Cosine similarity of the chunk to the query with the light embedder "
        "(`ServerSettings.lightEmbedder`), -1 to 1; null if the search with this embedder did not find the chunk."
    )
    bm25: float | None = strawberry.field(
        description="BM25 score, higher is better; null if keyword search did not find the chunk."
    )
    query: strawberry.Private[str]
    text: strawberry.Private[str]

    @strawberry.field(description="Excerpt of the chunk with the matched words.")
    def snippet(self, info: Info) -> Snippet:
        return from_record(Snippet, info.context.retriever.make_snippet(self.query, self.text))

    @classmethod
    def from_record(cls, hit: records.RetrievalHit, query: str) -> "SearchHit":
        chunk, document = Chunk.from_record(hit.chunk), Document.from_record(hit.document)
        return from_record(cls, hit, chunk=chunk, document=document, query=query, text=hit.chunk.text)


@strawberry.type(description="Position of a chunk in one ranking.")
class RankedChunk:
    chunk_id: strawberry.ID = strawberry.field(description="Id of the chunk.")
    rank: int = strawberry.field(description="Position in the ranking, from 1.")
    score: float = strawberry.field(
        description="Score by which the ranking is ordered; higher is better. In the ranking `keyword` it is the BM25"
        " score, 0 or more; in `dense` and `deep` the cosine similarity, -1 to 1; in `rerank` a value "
        "whose range depends on the reranker; in `fusion` a value of 0 or more."
    )


@strawberry.type(description="One ranking of a search. `EmbedderRole` describes the light and the deep embedder.")
class RetrievalLeg:
    name: str = strawberry.field(
        description="Name of the ranking: `keyword`, `dense` (by vectors of the light embedder), `deep` (by vectors "
        "of the deep embedder), `rerank` (by the reranker) or `fusion` (the other rankings, fused)."
    )
    state: LegState = strawberry.field(description="State of the ranking.")
    message: str | None = strawberry.field(
        description="Reason why the ranking was skipped, failed or is incomplete, in English; null otherwise."
    )
    candidates: int = strawberry.field(description="Number of chunks in the ranking.")
    took_ms: float = strawberry.field(description="Duration in milliseconds.")
    scored_chunks: strawberry.Private[Sequence[records.ScoredChunk]]

    @strawberry.field(description="Chunks of the ranking, best first.")
    def ranking(self) -> list[RankedChunk]:
        return [
            RankedChunk(chunk_id=global_ids.CHUNK.encode(scored.chunk_id), rank=rank, score=scored.score)
            for rank, scored in enumerate(self.scored_chunks, 1)
        ]

    @classmethod
    def from_record(cls, leg: records.RetrievalLeg) -> "RetrievalLeg":
        return from_record(cls, leg, scored_chunks=leg.ranking)


@strawberry.type(description="Trace of how the hits of a search were ranked.")
class RetrievalTrace:
    legs: list[RetrievalLeg] = strawberry.field(
        description="Rankings of the search, including those that were skipped or failed: `keyword` and `dense`; "
        "`deep` if a deep embedder is configured; `rerank` if it was requested; `fusion` in the mode "
        "HYBRID. In the other modes, rankings are fused if a deep embedder or `rerank` adds one, but "
        "there is no `fusion` leg: `SearchHit.score` has the result. If there is no document to search, "
        "only `keyword` and `dense` are listed."
    )
    dropped_duplicates: int = strawberry.field(
        description="Number of chunks that were left out as near-duplicates of better ones."
    )


@strawberry.type(description="The result of a search.")
class SearchResults:
    query: str = strawberry.field(description="The query.")
    mode: SearchMode = strawberry.field(description="Method of the search.")
    took_ms: float = strawberry.field(description="Duration in milliseconds.")
    hits: list[SearchHit] = strawberry.field(description="Matching chunks, best first.")
    trace: RetrievalTrace = strawberry.field(description="Trace of the ranking.")

    @classmethod
    def from_record(cls, retrieval: records.Retrieval) -> "SearchResults":
        legs = [RetrievalLeg.from_record(leg) for leg in retrieval.legs]
        return cls(
            query=retrieval.query.text,
            mode=retrieval.query.mode,
            took_ms=retrieval.took_ms,
            hits=[SearchHit.from_record(hit, retrieval.query.text) for hit in retrieval.hits],
            trace=RetrievalTrace(legs=legs, dropped_duplicates=retrieval.dropped_duplicates),
        )
