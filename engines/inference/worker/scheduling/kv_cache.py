"""What the KV cache holds, sequence by sequence and cell by cell.

llama.cpp does not tell how many cells are taken; it is counted here, by the same rules: a token takes a cell, sequences that
begin alike share the cells of their beginning, and a cell is free when no sequence has it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from engines.inference.worker.scheduling.swap import SwappedSequence, SwapSpace, common_prefix, longest

LEAST_SHARED = 16
"""A beginning that is shorter than this is read again rather than shared or brought back."""


MOST_IDLE = 512
"""Cells that idle sequences may have while others are answered: a token looks at all that are held, whoever's they are."""


class Memory(Protocol):
    """The parts of `Context` that move sequences about."""

    def cut(self, sequence: int, length: int) -> bool: ...
    def share(self, source: int, target: int, length: int) -> None: ...
    def save(self, sequence: int) -> bytes: ...
    def restore(self, sequence: int, state: bytes) -> bool: ...


@dataclass(slots=True, eq=False)
class CachedSequence:
    """One sequence: its tokens in order, and their cells."""

    number: int
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    conversation: str = ""
    is_taken: bool = False
    used: int = 0
    "When it was let go last, by the cache's own clock."


class KvCache:
    def __init__(self, memory: Memory, *, cells: int, sequences: int, copies: SwapSpace, in_parts: bool) -> None:
        """`in_parts` is False for models whose state is kept or dropped whole."""
        self.total = cells
        self.slots = [CachedSequence(number) for number in range(sequences)]
        self._memory = memory
        self._copies = copies
        self.in_parts = in_parts
        self._holders: Counter[int] = Counter()
        self._new_cells = count()
        self._clock = count(1)

    @property
    def used(self) -> int:
        return len(self._holders)

    @property
    def free(self) -> int:
        return self.total - len(self._holders)

    def needed(self, tokens: Sequence[int]) -> int:
        """Cells that a prompt takes beside those that the answers in the making have."""
        return len(tokens) - (longest(self._taken(), tokens)[1] if self.in_parts else 0)

    def room(self) -> int:
        """Cells that would be free if nothing were held but what the answers in the making have."""
        return self.total - len(set[int]().union(*(slot.cells for slot in self._taken())))

    def _taken(self) -> list[CachedSequence]:
        return [slot for slot in self.slots if slot.is_taken]

    def take(self, tokens: Sequence[int], conversation: str) -> CachedSequence:
        """A sequence for a prompt, with what is held of its beginning. One must be free to take."""
        slot = self._take(tokens, conversation)
        if self.in_parts:
            self._thin_out()
        return slot

    def _thin_out(self) -> None:
        """Idle sequences move out as far as the machine's memory has room for them."""
        idle = sorted((slot for slot in self._idle() if slot.tokens), key=lambda slot: slot.used)
        while idle and self.used - (self.total - self.room()) > MOST_IDLE:
            slot = idle.pop(0)
            if not self._is_held_elsewhere(slot):
                state = self._memory.save(slot.number)
                if not self._copies.has_room(len(state)):
                    return
                self._copies.put(SwappedSequence(list(slot.tokens), slot.conversation, state))
            self.cut(slot, 0)

    def _take(self, tokens: Sequence[int], conversation: str) -> CachedSequence:
        source, length = self._find(tokens)
        copy, copied = self._copies.find(tokens)
        if copy is not None and self.in_parts and min(copied, len(tokens) - 1) >= length + LEAST_SHARED:
            return self._bring_back(copy, min(copied, len(tokens) - 1), conversation)
        if source is None or not self.in_parts:
            return self._claim(self._empty(), conversation)
        is_wanted = source.conversation != conversation and length < len(source.tokens)
        if source.is_taken or (is_wanted and self._idle(keep=source)):
            return self._share(source, length, conversation)
        self.cut(source, length)
        return self._claim(source, conversation)

    def _find(self, tokens: Sequence[int]) -> tuple[CachedSequence | None, int]:
        source, length = longest(self.slots, tokens)
        length = min(length, len(tokens) - 1)
        return (source, length) if length >= LEAST_SHARED else (None, 0)

    def _share(self, source: CachedSequence, length: int, conversation: str) -> CachedSequence:
        target = self._claim(self._empty(keep=source), conversation)
        self._memory.share(source.number, target.number, length)
        target.tokens, target.cells = source.tokens[:length], source.cells[:length]
        self._holders.update(target.cells)
        return target

    def _bring_back(self, copy: SwappedSequence, length: int, conversation: str) -> CachedSequence:
        """A copy that finds no room stays where it is, and the prompt is read."""
        self._make_room(len(copy.tokens))
        target = self._claim(self._empty(), conversation)
        if self.free >= len(copy.tokens) and self._memory.restore(target.number, copy.state):
            self.extend(target, copy.tokens)
            self.cut(target, length)
            self._copies.drop(copy)
        return target

    def _make_room(self, cells: int) -> None:
        while self.free < cells and self.move_out():
            pass

    def _claim(self, slot: CachedSequence, conversation: str) -> CachedSequence:
        slot.is_taken, slot.conversation = True, conversation
        return slot

    def _empty(self, keep: CachedSequence | None = None) -> CachedSequence:
        """An empty sequence; the one that was used longest ago moves out for it where there is none."""
        slot = min(self._idle(keep), key=lambda slot: (len(slot.tokens) > 0, slot.used))
        if slot.tokens:
            self._move_out(slot)
        return slot

    def _idle(self, keep: CachedSequence | None = None) -> list[CachedSequence]:
        return [slot for slot in self.slots if not slot.is_taken and slot is not keep]

    def extend(self, slot: CachedSequence, tokens: Sequence[int]) -> None:
        """These were decoded behind what it has."""
        cells = [next(self._new_cells) for _ in tokens]
        slot.tokens += tokens
        slot.cells += cells
        self._holders.update(cells)

    def cut(self, slot: CachedSequence, length: int) -> None:
        """Keep the first `length` tokens, or none where the model's state has no parts."""
        if length >= len(slot.tokens):
            return
        if not (length and self._memory.cut(slot.number, length)):
            self._memory.cut(slot.number, 0)
            length = 0
        self.note_cut(slot, length)

    def note_cut(self, slot: CachedSequence, length: int) -> None:
        """The cache has dropped what is behind `length` already."""
        for cell in slot.cells[length:]:
            self._holders[cell] -= 1
            if not self._holders[cell]:
                del self._holders[cell]
        del slot.tokens[length:], slot.cells[length:]

    def let_go(self, slot: CachedSequence) -> None:
        """Its answer is over; what it holds serves the next turn until the cells are needed."""
        slot.is_taken = False
        slot.used = next(self._clock)

    def move_out(self) -> bool:
        """Move the idle sequence that was used longest ago to the machine's memory; False where there is none."""
        held = [slot for slot in self._idle() if slot.tokens]
        if held:
            self._move_out(min(held, key=lambda slot: slot.used))
        return bool(held)

    def _move_out(self, slot: CachedSequence) -> None:
        if self.in_parts and not self._is_held_elsewhere(slot):
            self._copies.put(SwappedSequence(list(slot.tokens), slot.conversation, self._memory.save(slot.number)))
        self.cut(slot, 0)

    def _is_held_elsewhere(self, slot: CachedSequence) -> bool:
        others = [other for other in self.slots if other is not slot]
        return any(common_prefix(other.tokens, slot.tokens) == len(slot.tokens) for other in others)

    def preempt(self, slot: CachedSequence) -> None:
        """Take the cells of an answer that goes on later."""
        self._move_out(slot)
        self.let_go(slot)
