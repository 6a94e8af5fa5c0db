"""Selects the reranker: a configured cross-encoder, or late interaction, which needs no model of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engines.reranking.cross_encoder_client import cross_encoder_worker, open_cross_encoder
from workers import Worker


class Reranker(Protocol):
    """Interface of rerankers, which score passages for a prompt."""

    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float:
        """Maximum time in seconds that a search waits for the scores."""
        ...

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Workers that only this reranker uses, for the system status."""
        ...

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text; higher is better, on a scale that depends on the reranker."""
        ...


class TokenComparer(Protocol):
    """Interface of an embedder that compares texts token by token."""

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
    """Open the cross-encoder in `folder`. If `folder` is None, use late interaction with `embedder` instead."""
    if folder is None:
        yield LateInteraction(embedder)
        return
    async with open_cross_encoder(cross_encoder_worker(folder)) as cross_encoder:
        yield cross_encoder
