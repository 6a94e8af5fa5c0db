"""Sequences that had to leave the KV cache, kept in the machine's own memory up to so many bytes."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

STEP = 256
"""Tokens that are compared at a time: most sequences differ within the first of these."""


@dataclass(frozen=True, slots=True, eq=False)
class SwappedSequence:
    tokens: list[int]
    conversation: str
    state: bytes


class HasTokens(Protocol):
    @property
    def tokens(self) -> list[int]: ...


T = TypeVar("T", bound=HasTokens)


class SwapSpace:
    """The least recently used go first. A copy that alone is above the limit is not kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._copies: OrderedDict[int, SwappedSequence] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._copies)

    def put(self, copy: SwappedSequence) -> None:
        self._copies[id(copy)] = copy
        self.bytes += len(copy.state)
        while self.bytes > self._limit:
            self.drop(next(iter(self._copies.values())))

    def has_room(self, size: int) -> bool:
        """Whether a state of so many bytes can be kept beside what is here."""
        return self.bytes + size <= self._limit

    def drop(self, copy: SwappedSequence) -> None:
        if self._copies.pop(id(copy), None):
            self.bytes -= len(copy.state)

    def find(self, tokens: Sequence[int]) -> tuple[SwappedSequence | None, int]:
        """The copy that begins most like `tokens`, and in how many of them."""
        return longest(list(self._copies.values()), tokens)

    def clear(self) -> None:
        self._copies.clear()
        self.bytes = 0


def longest(held: Sequence[T], tokens: Sequence[int]) -> tuple[T | None, int]:
    """Which of them begins most like `tokens`, and in how many; none where none has the first one."""
    best: T | None = None
    length = 0
    for each in held:
        common = common_prefix(each.tokens, tokens)
        if common > length:
            best, length = each, common
    return best, length


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    shorter = min(len(one), len(other))
    for start in range(0, shorter, STEP):
        end = min(start + STEP, shorter)
        if one[start:end] != other[start:end]:
            return next(at for at in range(start, end) if one[at] != other[at])
    return shorter
