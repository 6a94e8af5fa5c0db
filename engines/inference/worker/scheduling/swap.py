"""Swap space: states of sequences that left the KV cache, kept in RAM up to a limit in bytes."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

STEP = 256
"""Tokens that are compared at a time. Most sequences differ within the first step."""


@dataclass(frozen=True, slots=True, eq=False)
class SwappedSequence:
    """A sequence with the state of its cells, as `Context.save_state` returned it."""

    tokens: list[int]
    conversation: str
    salt: str
    state: bytes


class HasTokens(Protocol):
    @property
    def tokens(self) -> list[int]: ...
    @property
    def salt(self) -> str: ...


T = TypeVar("T", bound=HasTokens)


class SwapSpace:
    """Stores swapped sequences. When it is full, the least recently added ones are evicted.

    A state that is larger than the whole swap space is not stored.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sequences: OrderedDict[int, SwappedSequence] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._sequences)

    def add(self, sequence: SwappedSequence) -> None:
        self._sequences[id(sequence)] = sequence
        self.bytes += len(sequence.state)
        while self.bytes > self._limit:
            self.remove(next(iter(self._sequences.values())))

    def has_room(self, size: int) -> bool:
        """Return whether a state of `size` bytes can be added without evicting another one."""
        return self.bytes + size <= self._limit

    def remove(self, sequence: SwappedSequence) -> None:
        """Remove a sequence; do nothing if it was evicted."""
        if self._sequences.pop(id(sequence), None):
            self.bytes -= len(sequence.state)

    def find(self, tokens: Sequence[int], salt: str) -> tuple[SwappedSequence | None, int]:
        """Return the sequence of the same salt that shares the longest prefix with `tokens`, and the length of that prefix.

        Return None and 0 if no sequence shares a prefix.
        """
        return longest_prefix(list(self._sequences.values()), tokens, salt)

    def clear(self) -> None:
        self._sequences.clear()
        self.bytes = 0


def longest_prefix(sequences: Sequence[T], tokens: Sequence[int], salt: str) -> tuple[T | None, int]:
    """Return the sequence of the same salt that shares the longest prefix with `tokens`, and the length of that prefix.

    Return None and 0 if no sequence shares a prefix.
    """
    best: T | None = None
    length = 0
    for sequence in sequences:
        if sequence.salt != salt:
            continue
        common = common_prefix(sequence.tokens, tokens)
        if common > length:
            best, length = sequence, common
    return best, length


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the number of tokens that both lists begin with."""
    shorter = min(len(one), len(other))
    for start in range(0, shorter, STEP):
        end = min(start + STEP, shorter)
        if one[start:end] != other[start:end]:
            return next(index for index in range(start, end) if one[index] != other[index])
    return shorter
