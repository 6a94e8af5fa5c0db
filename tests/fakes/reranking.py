"""A reranker with known scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from workers import Worker


@dataclass
class FakeReranker:
    """The score of a text is the number behind its last space.

    The first `patience` batches are scored; later ones never end.
    """

    name: str = "numbers"
    seconds: float = 60.0
    patience: int = 1000
    failure: Exception | None = None
    workers: tuple[Worker, ...] = ()
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    async def score(self, prompt: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((prompt, list(texts)))
        if len(self.asked) > self.patience:
            await anyio.sleep_forever()
        if self.failure is not None:
            raise self.failure
        return [float(text.split()[-1]) for text in texts]
