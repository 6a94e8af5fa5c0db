"""One leg of a retrieval: what it found, or plainly that it did not run or failed."""

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from records.errors import ExpectedError
from records.retrieval import LegState, RetrievalLeg, ScoredChunk


async def run_leg(name: str, search: Callable[[], Awaitable[Sequence[ScoredChunk]]]) -> RetrievalLeg:
    """Run one ranking; an expected failure, such as a crashed worker, is shown on the leg and hides nothing else."""
    began = perf_counter()
    try:
        ranking = tuple(await search())
    except ExpectedError as failure:
        return failed_leg(name, failure, began)
    return ran_leg(name, ranking, began)


def ran_leg(
    name: str,
    ranking: tuple[ScoredChunk, ...],
    began: float,
    message: str | None = None,
    state: LegState = LegState.RAN,
) -> RetrievalLeg:
    return RetrievalLeg(name, state, message, len(ranking), _since(began), ranking)


def failed_leg(name: str, failure: ExpectedError, began: float) -> RetrievalLeg:
    return RetrievalLeg(name, LegState.FAILED, failure.message, 0, _since(began), ())


def skipped(name: str, reason: str) -> RetrievalLeg:
    return RetrievalLeg(name, LegState.SKIPPED, reason, 0, 0.0, ())


def failed(name: str, reason: str) -> RetrievalLeg:
    return RetrievalLeg(name, LegState.FAILED, reason, 0, 0.0, ())


def _since(began: float) -> float:
    return (perf_counter() - began) * 1000
