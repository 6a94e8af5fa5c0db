"""Admission: decides whether a waiting answer may start. It needs a sequence and the cells that it will probably use.

A prompt that shares a prefix with a prompt of the same salt that is being prefilled waits for that prefix, so that the same
tokens are never prefilled twice at the same time for one user.
"""

from collections.abc import Sequence
from enum import Enum, auto

from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.sequence import SequenceState, reserved_cells
from engines.inference.worker.scheduling.swap import common_prefix

MIN_AWAITED = 64
"""An answer waits for a prefix only if at least this many of its tokens are not in the KV cache yet."""


class Admission(Enum):
    ADMITTED = auto()
    WAIT_FOR_PREFIX = auto()
    "Another sequence is prefilling the same prefix. Later jobs may be admitted."
    NO_ROOM = auto()
    "There are not enough cells or sequences. Later jobs must wait too; otherwise this one might never start."


def check_admission(
    tokens: Sequence[int], salt: str, max_tokens: int, cache: KvCache, running: Sequence[SequenceState], limit: int
) -> Admission:
    """Decide whether an answer with the prompt `tokens` and up to `max_tokens` of completion may start.

    Only prefixes with the same `salt` are reused. `running` are the sequences that are prefilled or decoded now; `limit` is
    their maximum number.
    """
    if not running:
        return Admission.ADMITTED
    if len(running) >= limit:
        return Admission.NO_ROOM
    if cache.reuses_prefixes and any(_prefills_prefix_of(tokens, salt, sequence) for sequence in running):
        return Admission.WAIT_FOR_PREFIX
    reserved = sum(sequence.reserved for sequence in running)
    has_room = cache.needed(tokens, salt) + reserved_cells(max_tokens) <= cache.available() - reserved
    return Admission.ADMITTED if has_room else Admission.NO_ROOM


def _prefills_prefix_of(tokens: Sequence[int], salt: str, sequence: SequenceState) -> bool:
    if not sequence.is_prefilling or sequence.job.salt != salt:
        return False
    common = min(common_prefix(sequence.tokens, tokens), len(tokens) - 1)
    return common - len(sequence.cached.tokens) >= MIN_AWAITED
