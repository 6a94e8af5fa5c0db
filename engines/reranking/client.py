"""The cross-encoder as the server sees it: a worker that starts with the first call and ends when it is not used."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engines.embedding.client import OFFLINE
from engines.reranking.protocol import Score, Scores, Start
from engines.reranking.reranker import RerankerFailed
from records.system import WorkerPurpose
from records.values.text import encodable
from workers import Worker, WorkerCallFailed, WorkerSpec, open_worker
from workers.cores import usable_cores

QUIET_SECONDS = 600.0
"A model takes seconds to load, so it stays for a while: people search more than once."


class CrossEncoderReranker:
    """Made by `open_cross_encoder`; implements `Reranker`. Named by its folder."""

    seconds = 2.0

    def __init__(self, worker: Worker, name: str) -> None:
        self.worker = worker
        self.name = name

    @property
    def workers(self) -> tuple[Worker, ...]:
        return (self.worker,)

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """Raises `WorkerCrashed`, `WorkerGivenUp`, and `RerankerFailed` for a model of another kind."""
        try:
            asked = Score(encodable(prompt), [encodable(text) for text in texts])
            return (await self.worker.call(asked, Scores)).scores
        except WorkerCallFailed as failure:
            raise RerankerFailed(self.name, failure.message) from failure


@asynccontextmanager
async def open_cross_encoder(spec: WorkerSpec) -> AsyncIterator[CrossEncoderReranker]:
    assert isinstance(spec.start, Start)
    async with open_worker(spec) as worker:
        yield CrossEncoderReranker(worker, Path(spec.start.folder).name)


def cross_encoder_worker(folder: Path) -> WorkerSpec:
    """Normal priority: a person waits for its answers."""
    return WorkerSpec(
        purpose=WorkerPurpose.RERANKING,
        module="engines.reranking.worker.main",
        start=Start(str(folder), threads=usable_cores()),
        idle_seconds=QUIET_SECONDS,
        environment=OFFLINE,
    )
