"""Client of the cross-encoder, whose worker process starts with the first call and ends when it is not used."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engines.embedding.client import OFFLINE
from engines.reranking.protocol import Score, Scores, Start
from records.codes import ErrorCode
from records.errors import ExpectedError
from records.system import WorkerPurpose
from records.values.text import encodable
from workers import Worker, WorkerCallFailed, WorkerSpec, open_worker
from workers.cores import usable_cores

IDLE_SECONDS = 600.0
"""The process ends after this time without a call. It is long, because loading takes seconds and users repeat searches."""


class RerankerFailed(ExpectedError):
    """The model cannot score passages."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The reranker {name} could not score the passages: {reason}")


class CrossEncoderReranker:
    """A cross-encoder in a worker process; implements `Reranker`. Created by `open_cross_encoder`."""

    seconds = 2.0

    def __init__(self, worker: Worker, name: str) -> None:
        self.worker = worker
        self.name = name
        "Name of the model's folder."

    @property
    def workers(self) -> tuple[Worker, ...]:
        return (self.worker,)

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text; higher is better.

        Raises `WorkerCrashed` or `WorkerGivenUp` if the process fails, and `RerankerFailed` if the model cannot score
        passages.
        """
        try:
            request = Score(encodable(prompt), [encodable(text) for text in texts])
            return (await self.worker.call(request, Scores)).scores
        except WorkerCallFailed as failure:
            raise RerankerFailed(self.name, failure.message) from failure


@asynccontextmanager
async def open_cross_encoder(spec: WorkerSpec) -> AsyncIterator[CrossEncoderReranker]:
    """Open the worker of a cross-encoder."""
    assert isinstance(spec.start, Start)
    async with open_worker(spec) as worker:
        yield CrossEncoderReranker(worker, Path(spec.start.folder).name)


def cross_encoder_worker(folder: Path) -> WorkerSpec:
    """Return the specification of the worker for the model in `folder`.

    It has normal priority, because a user waits for the scores.
    """
    return WorkerSpec(
        purpose=WorkerPurpose.RERANKING,
        module="engines.reranking.worker.main",
        start=Start(str(folder), threads=usable_cores()),
        idle_seconds=IDLE_SECONDS,
        environment=OFFLINE,
    )
