"""State of a running sequence: its tokens, and how many of them are in the KV cache."""

from dataclasses import dataclass

from engines.inference.worker.llama.token_samplers import Sampler
from engines.inference.worker.scheduling.completion import Completion
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.kv_cache import CachedSequence

RESERVED_CELLS = 512
"""Maximum number of cells that are kept free for the rest of an answer. A longer answer takes further cells as it grows."""


@dataclass(slots=True, eq=False)
class SequenceState:
    """The generation of one answer.

    `tokens` are the prompt and the completion. Tokens that are not in the KV cache yet are prefilled next; this also covers
    resuming after an abort or a preemption.
    """

    job: Job
    sampler: Sampler
    completion: Completion
    tokens: list[int]
    number: int
    "Number in the order of admission: the highest is the most recent."
    cached: CachedSequence
    reused_tokens: int
    "Tokens of the prompt that were cached when the answer started."

    @property
    def pending(self) -> int:
        """Tokens that are not in the KV cache yet."""
        return len(self.tokens) - len(self.cached.tokens)

    @property
    def is_prefilling(self) -> bool:
        return self.pending > 1

    @property
    def reserved(self) -> int:
        """The number of KV cells that are kept free for the sequence."""
        return self.pending + reserved_cells(self.remaining)

    @property
    def remaining(self) -> int:
        """Tokens that may still be generated."""
        return self.job.max_tokens - self.completion.token_count

    def report_progress(self) -> None:
        """Report the prefilled part of the prompt. Raises `CallCanceled` if the call was canceled."""
        self.job.report_progress(0, min(len(self.cached.tokens), len(self.job.prompt.tokens)))


def reserved_cells(tokens: int) -> int:
    """Return the number of cells to keep free for up to `tokens` further tokens of an answer."""
    return min(max(tokens, 0), RESERVED_CELLS)
