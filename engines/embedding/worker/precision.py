"""Chooses the faster precision for a model on this CPU: float32 or bfloat16.

bfloat16 is two to three times as fast if the CPU supports it (its vectors have a cosine above .99 to those of float32), and
many times slower if it is emulated. It is measured only if oneDNN reports that the CPU supports it. Both are measured on one
thread by that thread's CPU time, which does not depend on the load of the machine.
"""

import copy
from time import thread_time
from typing import Any

import torch

ROUNDS = 3
MIN_SPEEDUP = 1.1
"""bfloat16 must be faster by this factor to be chosen."""

_TEXTS = ["The torque of every bolt is given in the table of the second chapter, beside its size and thread."] * 8


def choose_precision(model: Any) -> tuple[Any, float | None]:
    """Return a float32 model or its bfloat16 copy, whichever is faster, and the relative speed of the copy.

    The speed is None if the CPU does not support bfloat16.
    """
    if not has_bfloat16():
        return model, None
    halved = copy.deepcopy(model).bfloat16()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        speed = _relative_speed(model, halved)
    finally:
        torch.set_num_threads(threads)
    return (halved if speed >= MIN_SPEEDUP else model), round(speed, 2)


def has_bfloat16() -> bool:
    """Return whether oneDNN supports bfloat16 on this CPU."""
    return bool(torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _relative_speed(full: Any, halved: Any) -> float:
    """Return how many times as fast as `full` the model `halved` is.

    Both are measured in turns, after one round of warm-up; their best times are compared.
    """
    rounds = [(_seconds(full), _seconds(halved)) for _ in range(1 + ROUNDS)][1:]
    return min(seconds for seconds, _ in rounds) / min(seconds for _, seconds in rounds)


def _seconds(model: Any) -> float:
    began = thread_time()
    model.encode(_TEXTS, show_progress_bar=False)
    return thread_time() - began
