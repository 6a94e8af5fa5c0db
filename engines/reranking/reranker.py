"""The interface of rerankers, the one that is always available, and the choice of the reranker in use."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engines.reranking.client import cross_encoder_worker, open_cross_encoder
from workers import Worker


class Reranker(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float:
        """Time that a search waits for the scores at most."""
        ...

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The reranker's own workers, for the system status."""
        ...

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text; higher is better, on a scale that depends on the reranker."""
        ...


class TokenComparer(Protocol):
    """An embedder that compares texts token by token."""

    @property
    def model(self) -> str: ...
    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class LateInteraction:
    """A reranker that compares token vectors of the light embedder; it needs no process or model of its own."""

    embedder: TokenComparer
    seconds: float = 0.5
    workers: tuple[Worker, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.embedder.model}, late interaction"

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        return await self.embedder.compare(prompt, texts)


@asynccontextmanager
async def open_reranker(embedder: TokenComparer, folder: Path | None) -> AsyncIterator[Reranker]:
    """Open the cross-encoder in `folder`; without a folder, use late interaction."""
    if folder is None:
        yield LateInteraction(embedder)
        return
    async with open_cross_encoder(cross_encoder_worker(folder)) as cross_encoder:
        yield cross_encoder
