"""Orientation of scanned pages: recognizes pages that were scanned sideways or upside down."""

from collections.abc import Sequence
from typing import Any

from engines.parsing.worker.ocr.recognizer import (
    RELIABLE_CONFIDENCE,
    RecognizedLine,
    Recognizer,
    mean_confidence,
)

_NO_EVIDENCE = 0.5
"""Confidence that is subtracted from that of each line before orientations are compared.

A line with a lower confidence speaks against the orientation.
"""


def recognize_upright(pixels: Any, recognizer: Recognizer) -> tuple[int, list[RecognizedLine]]:
    """Recognize a page in the orientation in which its text is upright.

    Return the number of counterclockwise quarter turns that make the text upright, and the lines of the image after these
    turns. The other three orientations are tried only if the text of the unturned image is not reliable, because each costs
    a full recognition.
    """
    import numpy as np

    lines = recognizer.lines(pixels)
    if not lines or (mean_confidence(lines) >= RELIABLE_CONFIDENCE and _is_mostly_horizontal(lines)):
        return 0, lines
    others = [(turns, recognizer.lines(np.ascontiguousarray(np.rot90(pixels, turns)))) for turns in (1, 2, 3)]
    return max([(0, lines), *others], key=lambda result: _score(result[1]))


def _is_mostly_horizontal(lines: Sequence[RecognizedLine]) -> bool:
    horizontal = sum(len(line.text) for line in lines if line.is_horizontal)
    return horizontal >= sum(len(line.text) for line in lines) / 2


def _score(lines: Sequence[RecognizedLine]) -> float:
    return sum(len(line.text) * (line.confidence - _NO_EVIDENCE) for line in lines if line.is_horizontal)
