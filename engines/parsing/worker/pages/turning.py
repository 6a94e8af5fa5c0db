"""Pages that were scanned on their side or upside down, and do not say so: they are read as a person would hold them."""

from collections.abc import Sequence
from typing import Any

from engines.parsing.worker.recognizer import SURE, RecognizedLine, Recognizer, mean_confidence

_GUESSED = 0.5
"""Text that the models are no surer of says nothing for a way of holding the page."""


def read_as_held(pixels: Any, recognizer: Recognizer) -> tuple[int, list[RecognizedLine]]:
    """Lines of the picture, and how many quarter turns, anticlockwise, it took to read them.

    Only what reads badly as it is costs the time for the other ways.
    """
    import numpy as np

    lines = recognizer.lines(pixels)
    if not lines or (mean_confidence(lines) >= SURE and _is_across(lines)):
        return 0, lines
    others = [(turns, recognizer.lines(np.ascontiguousarray(np.rot90(pixels, turns)))) for turns in (1, 2, 3)]
    return max([(0, lines), *others], key=lambda tried: _worth(tried[1]))


def _is_across(lines: Sequence[RecognizedLine]) -> bool:
    across = sum(len(line.text) for line in lines if line.is_across)
    return across >= sum(len(line.text) for line in lines) / 2


def _worth(lines: Sequence[RecognizedLine]) -> float:
    return sum(len(line.text) * (line.confidence - _GUESSED) for line in lines if line.is_across)
