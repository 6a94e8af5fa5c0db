"""Self-test of a fresh context: it must decode, share, truncate and restore sequences before it is reported as ready.

The calls behind these operations change between releases of llama.cpp. If a build implements them differently, the test
detects it when a model is loaded, before the first answer.
"""

import numpy as np

from engines.inference.worker.llama.llama_context import DECODED, Context
from records.codes import ErrorCode
from workers.child import CallFailure


def check_context(context: Context) -> None:
    """Run the self-test and leave the KV cache empty.

    Raises `CallFailure` if the model produces no finite logits, or an operation on sequences does not work as expected.
    """
    begin = max(context.model.bos(), 0)
    _decode(context, begin, 0)
    _decode(context, begin, 1)
    if not np.isfinite(context.logits(0)).all():
        raise CallFailure(ErrorCode.NOT_GGUF, "The model's output is not a number; the file is damaged.")
    if not context.model.is_recurrent and context.sequences > 1:
        _check_sequences(context)
    context.truncate(0, 0)


def _check_sequences(context: Context) -> None:
    context.copy_prefix(0, 1, 1)
    state = context.save_state(0)
    shared = context.cached_tokens(1)
    truncates = context.truncate(0, 1) and context.cached_tokens(0) == 1
    context.truncate(0, 0)
    restores = context.restore_state(0, state) and context.cached_tokens(0) == 2
    context.truncate(1, 0)
    if not (shared == 1 and truncates and restores):
        message = "This build of llama.cpp does not handle sequences as expected."
        raise CallFailure(ErrorCode.INTERNAL, message, f"shared {shared}, truncates {truncates}, restores {restores}")


def _decode(context: Context, token: int, position: int) -> None:
    """Decode one token of sequence 0."""
    context.clear_abort()
    context.batch.clear()
    context.batch.add([token], position, 0, logits=True)
    result = context.decode(is_prefill=False)
    if result != DECODED:
        message = "The model cannot be run; the file is damaged."
        raise CallFailure(ErrorCode.NOT_GGUF, message, f"llama_decode returned {result}")
