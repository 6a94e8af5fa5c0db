"""Bookkeeping of the KV cache: which sequence has which tokens in which cells.

llama.cpp does not report how many cells are in use, so they are counted here by its rules: a token takes one cell,
sequences share the cells of a common prefix, and a cell is free when no sequence has it.

Prefixes are shared only by sequences with the same salt. Each user has a salt of their own, so that neither the duration of
a prompt nor its number of cached tokens shows what other users asked.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from engines.inference.worker.scheduling.swap import SwappedSequence, SwapSpace, common_prefix, longest_prefix

MIN_REUSED = 16
"""Tokens. A common prefix shorter than this is prefilled again instead of being shared or swapped in."""

MAX_IDLE_CELLS = 512
"""Cells that idle sequences may keep while others decode; the cost of attention grows with every cell in use."""


class SequenceMemory(Protocol):
    """The operations of `Context` on sequences."""

    def truncate(self, sequence: int, length: int) -> bool: ...
    def copy_prefix(self, source: int, target: int, length: int) -> None: ...
    def save_state(self, sequence: int) -> bytes: ...
    def restore_state(self, sequence: int, state: bytes) -> bool: ...


@dataclass(slots=True, eq=False)
class CachedSequence:
    """A KV-cache sequence: its number in llama.cpp, its tokens in order, and their cells."""

    number: int
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    conversation: str = ""
    salt: str = ""
    "Salt of the prompt in the sequence. An empty sequence may be used for any salt."
    is_active: bool = False
    "True while an answer is generated in the sequence. An idle sequence provides cached prefixes for later prompts."
    released_at: int = 0
    "Number of the last release, counted over all sequences: the lowest is the least recently used."


class KvCache:
    """Assigns sequences to answers, reusing cached prefixes. Raises `MemoryError` if a state cannot be saved."""

    def __init__(
        self, memory: SequenceMemory, *, cells: int, sequences: int, swap: SwapSpace, reuses_prefixes: bool
    ) -> None:
        """`reuses_prefixes` is False for models whose state cannot be truncated or shared."""
        self.total = cells
        self.sequences = [CachedSequence(number) for number in range(sequences)]
        self.reuses_prefixes = reuses_prefixes
        self._memory = memory
        self._swap = swap
        self._references: Counter[int] = Counter()
        "Number of sequences that have a cell, by cell."
        self._new_cells = count()
        self._clock = count(1)

    @property
    def used(self) -> int:
        """Cells in use by active and idle sequences."""
        return len(self._references)

    @property
    def free(self) -> int:
        return self.total - len(self._references)

    def needed(self, tokens: Sequence[int], salt: str) -> int:
        """Return the cells that a prompt needs in addition to those of active sequences."""
        return len(tokens) - (longest_prefix(self._active(), tokens, salt)[1] if self.reuses_prefixes else 0)

    def available(self) -> int:
        """Return the cells that are free or can be freed, because only idle sequences use them."""
        return self.total - len(set[int]().union(*(sequence.cells for sequence in self._active())))

    def _active(self) -> list[CachedSequence]:
        return [sequence for sequence in self.sequences if sequence.is_active]

    def _idle(self, keep: CachedSequence | None = None) -> list[CachedSequence]:
        return [sequence for sequence in self.sequences if not sequence.is_active and sequence is not keep]

    def acquire(self, tokens: Sequence[int], conversation: str, salt: str) -> CachedSequence:
        """Activate an idle sequence for a prompt and return it. It contains the longest reusable prefix of the prompt.

        Only prefixes with the same salt are reusable. The prefix comes from an idle sequence, from a copy of an active one,
        or from the swap space. It never includes the last token of the prompt, which must be decoded again for its logits.
        A sequence of the same `conversation` is continued. A sequence of another conversation is copied, so that this
        conversation can be continued later. At least one sequence must be idle.
        """
        sequence = self._acquire(tokens, conversation, salt)
        sequence.salt = salt
        if self.reuses_prefixes:
            self._limit_idle()
        return sequence

    def _limit_idle(self) -> None:
        """Swap out the least recently used idle sequences until idle ones use at most MAX_IDLE_CELLS cells.

        Stop when the swap space has no room.
        """
        idle = sorted((sequence for sequence in self._idle() if sequence.tokens), key=lambda each: each.released_at)
        while idle and self.used - (self.total - self.available()) > MAX_IDLE_CELLS:
            sequence = idle.pop(0)
            if not self._is_prefix_of_another(sequence):
                state = self._memory.save_state(sequence.number)
                if not self._swap.has_room(len(state)):
                    return
                self._swap.add(_swapped(sequence, state))
            self.truncate(sequence, 0)

    def _acquire(self, tokens: Sequence[int], conversation: str, salt: str) -> CachedSequence:
        limit = len(tokens) - 1
        cached, length = self._find_cached(tokens, salt)
        swapped, swapped_length = self._swap.find(tokens, salt)
        if not self.reuses_prefixes:
            return self._activate(self._empty(), conversation)
        if swapped is not None and min(swapped_length, limit) >= length + MIN_REUSED:
            return self._swap_in(swapped, min(swapped_length, limit), conversation)
        if cached is None:
            return self._activate(self._empty(), conversation)
        is_needed_later = cached.conversation != conversation and length < len(cached.tokens)
        if cached.is_active or (is_needed_later and self._idle(keep=cached)):
            return self._share(cached, length, conversation)
        self.truncate(cached, length)
        return self._activate(cached, conversation)

    def _find_cached(self, tokens: Sequence[int], salt: str) -> tuple[CachedSequence | None, int]:
        sequence, length = longest_prefix(self.sequences, tokens, salt)
        length = min(length, len(tokens) - 1)
        return (sequence, length) if length >= MIN_REUSED else (None, 0)

    def _share(self, source: CachedSequence, length: int, conversation: str) -> CachedSequence:
        target = self._activate(self._empty(keep=source), conversation)
        self._memory.copy_prefix(source.number, target.number, length)
        target.tokens, target.cells = source.tokens[:length], source.cells[:length]
        self._references.update(target.cells)
        return target

    def _swap_in(self, swapped: SwappedSequence, length: int, conversation: str) -> CachedSequence:
        """Swap in a sequence. If the KV cache has no room, it stays swapped out, and the prompt is prefilled again."""
        while self.free < len(swapped.tokens) and self.swap_out():
            pass
        target = self._activate(self._empty(), conversation)
        if self.free >= len(swapped.tokens) and self._memory.restore_state(target.number, swapped.state):
            self.extend(target, swapped.tokens)
            self.truncate(target, length)
            self._swap.remove(swapped)
        return target

    def _activate(self, sequence: CachedSequence, conversation: str) -> CachedSequence:
        sequence.is_active, sequence.conversation = True, conversation
        return sequence

    def _empty(self, keep: CachedSequence | None = None) -> CachedSequence:
        """Return an empty idle sequence. If there is none, swap out the least recently used one other than `keep`."""
        sequence = min(self._idle(keep), key=lambda each: (len(each.tokens) > 0, each.released_at))
        if sequence.tokens:
            self._swap_out(sequence)
        return sequence

    def extend(self, sequence: CachedSequence, tokens: Sequence[int]) -> None:
        """Record tokens that were decoded after those of the sequence."""
        cells = [next(self._new_cells) for _ in tokens]
        sequence.tokens += tokens
        sequence.cells += cells
        self._references.update(cells)

    def truncate(self, sequence: CachedSequence, length: int) -> None:
        """Keep the first `length` tokens of a sequence, or none if the model's state cannot be truncated."""
        if length >= len(sequence.tokens):
            return
        if not (length and self._memory.truncate(sequence.number, length)):
            self._memory.truncate(sequence.number, 0)
            length = 0
        self.record_truncation(sequence, length)

    def record_truncation(self, sequence: CachedSequence, length: int) -> None:
        """Record that llama.cpp has already removed the cells after the first `length` tokens."""
        for cell in sequence.cells[length:]:
            self._references[cell] -= 1
            if not self._references[cell]:
                del self._references[cell]
        del sequence.tokens[length:], sequence.cells[length:]

    def release(self, sequence: CachedSequence) -> None:
        """Mark a sequence as idle. Its tokens stay cached for the next prompt until their cells are needed."""
        sequence.is_active = False
        sequence.released_at = next(self._clock)

    def swap_out(self) -> bool:
        """Swap out the least recently used idle sequence; return False if there is none."""
        idle = [sequence for sequence in self._idle() if sequence.tokens]
        if idle:
            self._swap_out(min(idle, key=lambda each: each.released_at))
        return bool(idle)

    def _swap_out(self, sequence: CachedSequence) -> None:
        if self.reuses_prefixes and not self._is_prefix_of_another(sequence):
            state = self._memory.save_state(sequence.number)
            self._swap.add(_swapped(sequence, state))
        self.truncate(sequence, 0)

    def _is_prefix_of_another(self, sequence: CachedSequence) -> bool:
        others = [other for other in self.sequences if other is not sequence and other.salt == sequence.salt]
        return any(common_prefix(other.tokens, sequence.tokens) == len(sequence.tokens) for other in others)

    def preempt(self, sequence: CachedSequence) -> None:
        """Swap out an active sequence and release it. Its answer is resumed later in a sequence from `acquire`."""
        self._swap_out(sequence)
        self.release(sequence)


def _swapped(sequence: CachedSequence, state: bytes) -> SwappedSequence:
    return SwappedSequence(list(sequence.tokens), sequence.conversation, sequence.salt, state)
