"""The rankings of a query: each is a leg that ran, was skipped or failed, with the reason."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from records.errors import ExpectedError
from records.ids import ChunkId
from records.retrieval import Leg, LegState, RetrievalLeg, ScoredChunk

CANDIDATES = 400
"""Maximum number of hits in each ranking. The score of a page depends on its chunks among these hits only, and min-max
fusion scales the score of the last hit to 0."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """The rankings that are fused."""

    keyword: RetrievalLeg
    dense: RetrievalLeg
    deep: RetrievalLeg | None = None
    "None without a deep embedder."
    rare: tuple[ChunkId, ...] = ()
    "Chunks with a rare identifier of the query."

    @property
    def legs(self) -> tuple[RetrievalLeg, ...]:
        return tuple(leg for leg in (self.keyword, self.dense, self.deep) if leg is not None)


async def run_leg(name: Leg, search: Callable[[], Awaitable[Sequence[ScoredChunk]]]) -> RetrievalLeg:
    """Run one search. An expected failure, such as a crashed worker, is reported on the leg; the others still count."""
    started = perf_counter()
    try:
        ranking = tuple(await search())
    except ExpectedError as failure:
        return failed_leg(name, failure.message, started)
    return completed_leg(name, ranking, started)


def completed_leg(
    name: Leg,
    ranking: tuple[ScoredChunk, ...],
    started: float,
    message: str | None = None,
    state: LegState = LegState.RAN,
) -> RetrievalLeg:
    """Return a leg with its ranking. `started` is the time of `perf_counter` at which the search began."""
    return RetrievalLeg(name, state, message, len(ranking), _milliseconds_since(started), ranking)


def failed_leg(name: Leg, reason: str, started: float | None = None) -> RetrievalLeg:
    return RetrievalLeg(name, LegState.FAILED, reason, 0, 0.0 if started is None else _milliseconds_since(started), ())


def skipped_leg(name: Leg, reason: str) -> RetrievalLeg:
    return RetrievalLeg(name, LegState.SKIPPED, reason, 0, 0.0, ())


def _milliseconds_since(started: float) -> float:
    return (perf_counter() - started) * 1000
