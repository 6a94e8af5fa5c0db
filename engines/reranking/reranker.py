"""What retrieval needs of a reranker, and the one that is always at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from records.codes import ErrorCode
from records.errors import ExpectedError
from workers import Worker


class RerankerFailed(ExpectedError):
    """The model cannot score passages; the reason is written for people."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The reranker {name} could not score the passages: {reason}")


class Reranker(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float:
        """How long a search may wait for it."""
        ...

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Those of its own, for the system's status."""
        ...

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the prompt; higher is better, on a scale of its own."""
        ...


class ComparesTokens(Protocol):
    @property
    def model(self) -> str: ...
    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class LateInteraction:
    """The light embedder's token vectors, in the process that embeds prompts: there already, and nothing to install."""

    embedder: ComparesTokens
    seconds: float = 0.5
    workers: tuple[Worker, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.embedder.model}, late interaction"

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        return await self.embedder.compare(prompt, texts)
