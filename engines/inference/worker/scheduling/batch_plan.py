"""Plans the next batch: one token of every decoding sequence first, then chunks of prompts."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

MIN_CHUNK = 32
"""Smallest share of a prompt in a batch, in tokens, if the prompt and the room in the batch are not smaller."""


class Schedulable(Protocol):
    @property
    def pending(self) -> int:
        """Tokens that are not in the KV cache yet."""
        ...

    @property
    def is_prefilling(self) -> bool: ...


S = TypeVar("S", bound=Schedulable)


def plan_batch(sequences: Sequence[S], room: int, max_prefill: int, step: int) -> list[tuple[S, int]]:
    """Return the sequences of the next batch, each with its number of tokens. The batch has at most `room` tokens.

    At most `max_prefill` of them are prompt tokens. Prompts share these evenly, so that a short prompt does not wait for a
    long one. `step` is the number of the batch: it rotates the order of the prompts, so that the tokens that cannot be
    divided evenly go to a different prompt each time.
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
