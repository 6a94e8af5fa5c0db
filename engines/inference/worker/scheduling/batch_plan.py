"""What goes into the next batch: a token of every answer that is being written first, then parts of prompts."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

LEAST_PART = 32
"""Tokens of a prompt that are worth a place in a batch."""


class Readable(Protocol):
    @property
    def pending(self) -> int: ...
    @property
    def is_reading(self) -> bool: ...
    @property
    def is_chat(self) -> bool: ...


R = TypeVar("R", bound=Readable)


def plan(streams: Sequence[R], room: int, chunk: int, turn: int) -> list[tuple[R, int]]:
    """Streams and how many tokens each may have read: at most `room` in all, and `chunk` of them parts of prompts.

    Prompts share the chunk evenly, so a short one need not wait for a long one; chats come before what runs in the
    background; `turn` counts the steps, so that what is left over goes to another prompt each time.
    """
    portions = [(stream, 1) for stream in streams if not stream.is_reading][:room]
    left = min(chunk, room - len(portions))
    for is_chat in (True, False):
        reading = [stream for stream in streams if stream.is_reading and stream.is_chat is is_chat]
        first = turn % max(len(reading), 1)
        for waiting, stream in zip(range(len(reading), 0, -1), (*reading[first:], *reading[:first]), strict=True):
            part = min(stream.pending, left, max(left // waiting, LEAST_PART))
            if part:
                portions.append((stream, part))
                left -= part
    return portions
