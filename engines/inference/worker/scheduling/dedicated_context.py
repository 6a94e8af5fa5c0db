"""A context for a single answer, so that the same seed always gives the same text.

Other sequences in a cache, and their cells, change the order in which numbers are added, and with it the last bits of the
logits. Occasionally that makes another token the most likely. An answer that must not depend on others therefore gets an
empty cache, batches of its own, and prompt chunks of a fixed size instead of one that follows the machine's speed.
"""

from dataclasses import replace

from engines.inference.memory_fit import cells
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, Model
from engines.inference.worker.scheduling.batch_runner import BatchRunner
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.swap import SwapSpace
from engines.inference.worker.scheduling.throughput import Throughput
from records.codes import ErrorCode
from workers.child import CallFailure

CHUNK = 128
"""Tokens of the prompt in a batch."""


def open_dedicated(model: Model, shared: Context, job: Job, abort: AbortFlag, throughput: Throughput) -> BatchRunner:
    """Create a context with the settings of `shared`, just large enough for one job.

    Raises `CallFailure` if there is not enough memory for it.
    """
    tokens = len(job.prompt.tokens) + job.max_tokens
    settings = replace(shared.settings, context_length=cells(tokens), parallel_sequences=1)
    context = Context.create(model, settings, abort)
    if context is None:
        message = (
            f"There is not enough memory for a deterministic answer of {tokens:,} tokens beside the model's cache. "
            "Ask for a shorter answer, or switch `deterministic` off."
        )
        raise CallFailure(ErrorCode.INSUFFICIENT_MEMORY, message)
    cache = KvCache(context, cells=context.length, sequences=1, swap=SwapSpace(0), reuses_prefixes=False)
    return BatchRunner(model, context, cache, abort, throughput, chunk=CHUNK)
