"""Search: what is asked, what was found, and how the ranking came about."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from records import retrieval as records
from records.retrieval import LegState, SearchMode
from schema import ids
from schema.chunk import Chunk
from schema.document import Document
from schema.enums import describe
from schema.errors import InvalidInputError, NotFoundError
from schema.mapping import made_from, or_none, tuple_or_none

describe(
    SearchMode,
    "What passages are found by.",
    KEYWORD="By their words.",
    SEMANTIC="By their meaning.",
    HYBRID="By both, fused.",
)
describe(
    LegState,
    "What became of one ranking.",
    RAN="It ran.",
    SKIPPED="It was not asked for, or there was nothing to rank.",
    FAILED="It failed; the others still answer.",
)


@strawberry.input(description="What to look for, and where.")
class SearchInput:
    query: str = strawberry.field(description="Any text of at most 10,000 characters.")
    mode: SearchMode = strawberry.field(default=SearchMode.HYBRID, description="What passages are found by.")
    top_k: int = strawberry.field(default=5, description="1 to 100.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Look in these documents alone; none where the list is empty."
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET, description="Look in documents alone that carry all of these."
    )
    rerank: bool = strawberry.field(
        default=False,
        description="Hold the best candidates against the query once more, as a third ranking.",
    )
    min_similarity: float | None = strawberry.field(
        default=UNSET, description="Cosine similarity below which a semantic hit is dropped, 0 to 1."
    )

    def query_record(self) -> records.RetrievalQuery:
        """Raises `NotFound` for an id that is none of a document."""
        within = or_none(self.document_ids)
        return records.RetrievalQuery(
            text=self.query,
            mode=self.mode,
            top_k=self.top_k,
            document_ids=None if within is None else ids.DOCUMENT.get_all(within, "document_ids"),
            tags=tuple_or_none(self.tags),
            rerank=self.rerank,
            min_similarity=or_none(self.min_similarity),
        )


@strawberry.type(description="A span of characters.")
class TextSpan:
    start: int = strawberry.field(description="Its first character, from 0.")
    end: int = strawberry.field(description="The first character behind it.")


@strawberry.type(description="A part of a passage, with the matched words marked.")
class Snippet:
    text: str = strawberry.field(description="The part.")
    matches: list[TextSpan] = strawberry.field(description="Where the matched words stand in it.")


@strawberry.type(description="A passage that was found.")
class SearchHit:
    rank: int = strawberry.field(description="Its place, from 1.")
    chunk: Chunk = strawberry.field(description="The passage.")
    document: Document = strawberry.field(description="The document that it is a piece of.")
    score: float = strawberry.field(description="What the hits are ordered by; higher is better in every mode.")
    similarity: float | None = strawberry.field(
        description="Cosine similarity, -1 to 1, where the hit was found by meaning."
    )
    bm25: float | None = strawberry.field(description="BM25, higher is better, where the hit was found by its words.")
    snippet: Snippet = strawberry.field(description="The passage that matched, with the matched words' spans in it.")

    @classmethod
    def of(cls, hit: records.RetrievalHit) -> "SearchHit":
        return made_from(cls, hit, chunk=Chunk.of(hit.chunk), document=Document.of(hit.document))


@strawberry.type(description="A chunk's place in one ranking.")
class RankedChunk:
    chunk_id: strawberry.ID = strawberry.field(description="The chunk.")
    rank: int = strawberry.field(description="Its place, from 1.")
    score: float = strawberry.field(description="What this ranking is ordered by; higher is better.")


@strawberry.type(description="One ranking.")
class RetrievalLeg:
    name: str = strawberry.field(description="`words`, `meaning`, `deep`, `reranker` or `fusion`.")
    state: LegState = strawberry.field(description="What became of it.")
    message: str | None = strawberry.field(description="Why it was skipped or failed.")
    candidates: int = strawberry.field(description="How many chunks it found.")
    took_ms: float = strawberry.field(description="How long it took.")
    ranking: list[RankedChunk] = strawberry.field(description="Its chunks, the best first.")

    @classmethod
    def of(cls, leg: records.RetrievalLeg) -> "RetrievalLeg":
        ranking = [
            RankedChunk(chunk_id=ids.CHUNK.of(scored.chunk_id), rank=rank, score=scored.score)
            for rank, scored in enumerate(leg.ranking, 1)
        ]
        return made_from(cls, leg, ranking=ranking)


@strawberry.type(description="How the ranking came about, leg by leg: words, meaning, reranking, fusion.")
class RetrievalTrace:
    legs: list[RetrievalLeg] = strawberry.field(description="The rankings.")
    dropped_duplicates: int = strawberry.field(description="Passages left out since their words were there already.")


@strawberry.type(description="What was found.")
class SearchResults:
    query: str = strawberry.field(description="What was looked for.")
    mode: SearchMode = strawberry.field(description="What passages were found by.")
    took_ms: float = strawberry.field(description="How long it took.")
    hits: list[SearchHit] = strawberry.field(description="The passages, the best first.")
    trace: RetrievalTrace = strawberry.field(description="How the ranking came about.")

    @classmethod
    def of(cls, retrieval: records.Retrieval) -> "SearchResults":
        legs = [RetrievalLeg.of(leg) for leg in retrieval.legs]
        return cls(
            query=retrieval.query.text,
            mode=retrieval.query.mode,
            took_ms=retrieval.took_ms,
            hits=[SearchHit.of(hit) for hit in retrieval.hits],
            trace=RetrievalTrace(legs=legs, dropped_duplicates=retrieval.dropped_duplicates),
        )


SearchResult = Annotated[
    SearchResults | InvalidInputError | NotFoundError,
    strawberry.union("SearchResult", description="What was found, or why nothing was looked for."),
]
