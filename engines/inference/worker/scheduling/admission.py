"""Which waiting answer may begin: chat first, in order of arrival, when it has a sequence and the cells it will need.

A prompt that begins like one that is just being read waits until that part is read, and shares it: the same tokens are
never read twice at the same time.
"""

from collections.abc import Sequence
from enum import Enum, auto

from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.sequence import SequenceState, reserve
from engines.inference.worker.scheduling.swap import common_prefix

WORTH_WAITING = 64
"""Common tokens beyond those that are held already, for which a prompt waits."""


class Verdict(Enum):
    ADMITTED = auto()
    HELD_BACK = auto()
    "For a neighbour that reads its beginning; others may go first."
    NO_ROOM = auto()
    "Nobody behind it may go first, else it might never."


def judge(
    tokens: Sequence[int], max_tokens: int, cache: KvCache, streams: Sequence[SequenceState], limit: int
) -> Verdict:
    """`streams` are the answers in the making, at most `limit` of them."""
    if not streams:
        return Verdict.ADMITTED
    if len(streams) >= limit:
        return Verdict.NO_ROOM
    if cache.in_parts and any(_is_worth_waiting(tokens, stream) for stream in streams):
        return Verdict.HELD_BACK
    promised = sum(stream.reserved for stream in streams)
    has_room = cache.needed(tokens) + reserve(max_tokens) <= cache.room() - promised
    return Verdict.ADMITTED if has_room else Verdict.NO_ROOM


def _is_worth_waiting(tokens: Sequence[int], stream: SequenceState) -> bool:
    if not stream.is_reading:
        return False
    common = min(common_prefix(stream.tokens, tokens), len(tokens) - 1)
    return common - len(stream.slot.tokens) >= WORTH_WAITING
