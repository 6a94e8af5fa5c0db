"""A context for one answer alone, so that the same seed gives the same text.

What else a cache holds, and where, changes the order in which numbers are summed up, and with it the last bits of them;
now and then that makes another token the likeliest. So an answer that must not depend on its neighbours gets an empty
cache, batches of its own, and parts of its prompt that do not depend on the machine's speed.
"""

from dataclasses import replace

from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.model import Abort, Model
from engines.inference.worker.scheduling.batch_runner import BatchRunner
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.kv_cache import KvCache
from engines.inference.worker.scheduling.swap import SwapSpace
from engines.inference.worker.scheduling.throughput import Throughput
from records.codes import ErrorCode
from workers.child import CallFailure

CHUNK = 128
_CELLS_STEP = 256


def open_solo(model: Model, like: Context, job: Job, abort: Abort, rates: Throughput) -> BatchRunner:
    """Raises `CallFailure` where there is no memory for another context."""
    tokens = len(job.prompt.tokens) + job.max_tokens
    cells = -(-tokens // _CELLS_STEP) * _CELLS_STEP
    settings = replace(like.settings, context_length=cells, parallel_sequences=1)
    context = Context.create(model, settings, abort)
    if context is None:
        message = (
            f"There is not enough memory for a deterministic answer of {tokens:,} tokens beside the model's cache."
        )
        raise CallFailure(ErrorCode.INSUFFICIENT_MEMORY, message)
    cache = KvCache(context, cells=context.length, sequences=1, copies=SwapSpace(0), in_parts=False)
    return BatchRunner(model, context, cache, abort, rates, chunk=CHUNK)
