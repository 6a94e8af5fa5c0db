"""Which precision is faster on this CPU: a short race between float32 and bfloat16.

bfloat16 is two to three times as fast where the CPU computes with it (cosine to float32 above .99), and many times
slower where it is emulated: so it runs only where oneDNN says that the CPU has it. Both run on one thread and are
measured by that thread's own CPU time, which does not depend on what else the machine does.
"""

import copy
from time import thread_time
from typing import Any

import torch

ROUNDS = 3
WORTH_IT = 1.1
"bfloat16 must be faster by this factor to be chosen."

_TEXTS = ["The torque of every bolt is given in the table of the second chapter, beside its size and thread."] * 8


def choose(model: Any) -> tuple[Any, float | None]:
    """Give the faster one of a float32 model and its bfloat16 copy, and how many times as fast the copy is."""
    if not has_bfloat16():
        return model, None
    halved = copy.deepcopy(model).bfloat16()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        speed = _race(model, halved)
    finally:
        torch.set_num_threads(threads)
    return (halved if speed >= WORTH_IT else model), round(speed, 2)


def has_bfloat16() -> bool:
    """Whether oneDNN computes bfloat16 on this CPU at all."""
    return bool(torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _race(full: Any, halved: Any) -> float:
    """The best of some rounds each, taken in turns after one to warm up."""
    rounds = [(_seconds(full), _seconds(halved)) for _ in range(1 + ROUNDS)][1:]
    return min(seconds for seconds, _ in rounds) / min(seconds for _, seconds in rounds)


def _seconds(model: Any) -> float:
    began = thread_time()
    model.encode(_TEXTS, show_progress_bar=False)
    return thread_time() - began
