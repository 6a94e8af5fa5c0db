"""What a fresh context must show before it is called ready: that it decodes, shares, forgets and brings back.

The calls behind these change from one release of llama.cpp to the next; a build that does them otherwise is found out here
and not in the middle of an answer.
"""

import numpy as np

from engines.inference.worker.llama.context import DECODED, Context
from records.codes import ErrorCode
from workers.child import CallFailure


def check(context: Context) -> None:
    """Leaves the cache empty.

    Raises `CallFailure` where the model gives no numbers, or llama.cpp does not do what is needed of it.
    """
    begin = max(context.model.bos(), 0)
    _decode(context, begin, 0, 0)
    _decode(context, begin, 1, 0)
    if not np.isfinite(context.logits(0)).all():
        raise CallFailure(ErrorCode.NOT_GGUF, "The model's weights give no numbers; the file is damaged.")
    if not context.model.is_recurrent and context.sequences > 1:
        _check_moves(context)
    context.cut(0, 0)


def _check_moves(context: Context) -> None:
    context.share(0, 1, 1)
    state = context.save(0)
    shared = context.held(1)
    forgets = context.cut(0, 1) and context.held(0) == 1
    context.cut(0, 0)
    returns = context.restore(0, state) and context.held(0) == 2
    context.cut(1, 0)
    if not (shared == 1 and forgets and returns):
        facts = f"shared {shared}, forgets {forgets}, returns {returns}"
        raise CallFailure(ErrorCode.INTERNAL, "This build of llama.cpp does not handle sequences as it should.", facts)


def _decode(context: Context, token: int, position: int, sequence: int) -> None:
    context.forget_abort()
    context.batch.clear()
    context.batch.add([token], position, sequence, logits=True)
    outcome = context.decode(is_reading=False)
    if outcome != DECODED:
        raise CallFailure(
            ErrorCode.NOT_GGUF, "The model cannot be run; the file is damaged.", f"llama_decode gave {outcome}"
        )
