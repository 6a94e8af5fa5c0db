"""An answer in the making: what is known of its tokens, and how many of them the cache holds."""

from dataclasses import dataclass

from engines.inference.protocol import Priority
from engines.inference.worker.llama.sampler import Sampler
from engines.inference.worker.scheduling.job import Completion, Job
from engines.inference.worker.scheduling.kv_cache import CachedSequence
from engines.inference.worker.text.text_stream import TextStream

RESERVED_TOKENS = 512
"""Cells that are kept free for what an answer will write; one that writes more takes them as it goes."""


@dataclass(slots=True, eq=False)
class SequenceState:
    """`tokens` are those of the prompt and what was written; what the slot does not hold of them is still to be read.

    So reading a prompt, writing, going on after an abort and going on after being preempted are one and the same.
    """

    job: Job
    sampler: Sampler
    text: TextStream
    output: Completion
    tokens: list[int]
    number: int
    "In the order of admission: the youngest has the highest."
    slot: CachedSequence
    cached: int = 0
    "Tokens of the prompt that were held already."

    @property
    def pending(self) -> int:
        return len(self.tokens) - len(self.slot.tokens)

    @property
    def is_reading(self) -> bool:
        return self.pending > 1

    @property
    def is_chat(self) -> bool:
        return self.job.request.priority is Priority.CHAT

    @property
    def reserved(self) -> int:
        """Cells that it will take yet, as far as they were promised."""
        return self.pending + reserve(self.job.max_tokens - self.output.completion_tokens)

    def tell_progress(self) -> None:
        """Raises `CallCanceled`."""
        self.job.tell_progress(0, min(len(self.slot.tokens), len(self.job.prompt.tokens)))


def reserve(tokens: int) -> int:
    return min(max(tokens, 0), RESERVED_TOKENS)
