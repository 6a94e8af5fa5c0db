"""The interface of the compared engines, and the measurements of their answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import psutil

Messages = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Reply:
    """An answer with its times in seconds since the request, measured by the client."""

    tokens: int = 0
    is_complete: bool = True
    "The answer ended at its stop token or at its limit of tokens, not by a failure."
    prompt_tokens: int = 0
    cached_tokens: int = 0
    text: str = ""
    arrivals: list[float] = field(default_factory=list)
    asked_at: float = field(default_factory=perf_counter)
    seconds: float = 0.0

    @property
    def first(self) -> float:
        return self.arrivals[0] if self.arrivals else self.seconds

    def arrive(self, text: str) -> None:
        self.text += text
        self.arrivals.append(perf_counter() - self.asked_at)

    def end(self) -> "Reply":
        self.seconds = perf_counter() - self.asked_at
        return self


class Engine(Protocol):
    """An inference engine that answers conversations."""

    name: str

    @property
    def process(self) -> psutil.Process: ...
    async def ask(
        self, messages: Messages, tokens: int, conversation: str = "", *, reply: Reply | None = None
    ) -> Reply:
        """Generate an answer with greedy sampling. `reply`, if passed, is updated while the answer arrives."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """Measurements of several simultaneous answers."""

    replies: list[Reply]
    seconds: float
    cpu_seconds: float

    @property
    def tokens(self) -> int:
        return sum(reply.tokens for reply in self.replies)

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds

    @property
    def cpu_ms_per_token(self) -> float:
        """Return the CPU time per token in milliseconds."""
        return 1000 * self.cpu_seconds / self.tokens


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def measure_round(engine: Engine, conversations: Sequence[Messages], tokens: int, name: str = "") -> Round:
    """Start all conversations at the same time and wait for their answers."""
    before, began = cpu_seconds(engine.process), perf_counter()
    replies = await asyncio.gather(
        *(engine.ask(messages, tokens, f"{name}-{number}") for number, messages in enumerate(conversations))
    )
    return Round(list(replies), perf_counter() - began, cpu_seconds(engine.process) - before)
