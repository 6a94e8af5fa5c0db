"""Plans the next batch: one token of every decoding sequence first, then chunks of prompts."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

MIN_CHUNK = 32
"""Tokens of a prompt that are worth including in a batch."""


class Schedulable(Protocol):
    @property
    def pending(self) -> int:
        """Tokens that are not in the KV cache yet."""
        ...

    @property
    def is_prefilling(self) -> bool: ...


S = TypeVar("S", bound=Schedulable)


def plan_batch(sequences: Sequence[S], room: int, max_prefill: int, step: int) -> list[tuple[S, int]]:
    """Return the sequences of the next batch with their numbers of tokens: at most `room` in all.

    At most `max_prefill` tokens are of prompts. Prompts share them evenly, so that a short prompt does not wait for a long
    one. `step` counts the batches: it rotates the order of prompts, so that the remainder goes to another one each time.
    """
    plan = [(sequence, 1) for sequence in sequences if not sequence.is_prefilling][:room]
    left = min(max_prefill, room - len(plan))
    prefilling = [sequence for sequence in sequences if sequence.is_prefilling]
    first = step % max(len(prefilling), 1)
    rotated = (*prefilling[first:], *prefilling[:first])
    for waiting, sequence in zip(range(len(rotated), 0, -1), rotated, strict=True):
        chunk = min(sequence.pending, left, max(left // waiting, MIN_CHUNK))
        if chunk:
            plan.append((sequence, chunk))
            left -= chunk
    return plan
