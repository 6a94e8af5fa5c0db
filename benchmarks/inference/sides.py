"""What both sides of a comparison do: answer a conversation, and say what it took."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import psutil

Messages = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Reply:
    """Times are those of the client's clock, in seconds since it asked."""

    tokens: int = 0
    is_whole: bool = True
    "Ended by the model or at the tokens that were asked for, and not by a failure."
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


class Side(Protocol):
    name: str

    @property
    def process(self) -> psutil.Process: ...
    async def ask(
        self, messages: Messages, tokens: int, conversation: str = "", *, shown: Reply | None = None
    ) -> Reply:
        """Greedy. `shown` is filled as the answer arrives, for who wants to look meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What some answers at once took."""

    replies: list[Reply]
    seconds: float
    cpu_seconds: float

    @property
    def tokens(self) -> int:
        return sum(reply.tokens for reply in self.replies)

    @property
    def per_second(self) -> float:
        return self.tokens / self.seconds

    @property
    def cpu_per_token(self) -> float:
        """Milliseconds."""
        return 1000 * self.cpu_seconds / self.tokens


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def at_once(side: Side, conversations: Sequence[Messages], tokens: int, name: str = "") -> Round:
    """All of them at the same moment, each a conversation of its own."""
    before, began = cpu_seconds(side.process), perf_counter()
    replies = await asyncio.gather(
        *(side.ask(messages, tokens, f"{name}-{number}") for number, messages in enumerate(conversations))
    )
    return Round(list(replies), perf_counter() - began, cpu_seconds(side.process) - before)
