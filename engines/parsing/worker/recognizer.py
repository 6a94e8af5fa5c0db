"""Text in pictures: lines with their boxes and how sure the models are, by rapidocr, where the extra `ocr` is installed.

PP-OCRv6's small models lie in its package, so nothing is fetched. They load with the first picture and stay for the life
of the process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import dist
from pathlib import Path
from typing import Any

PACKAGE = "rapidocr"
INSTALL = "install the OCR extra (`make setup OCR=1`) and reprocess the document"
"""What is said wherever text in pictures was not read for want of it."""
LONGEST_SIDE = 6000
"""Pixels; the library makes larger pictures smaller, and so less legible, than they were drawn."""
_DETECTED_SIDE = 1536
"""Pixels of the picture in which lines are looked for; they are read in the picture as it is."""
_LEAST_SIDE = 16
"""Pixels: what is narrower holds no letters, and the library would blow it up."""
_LEAST_CONFIDENCE = 0.6
"""What is read with less is a guess at stains and ornaments."""
SURE = 0.93
"""A page's mean confidence; below it, about one letter in ten was wrong on specimens."""
_UPRIGHT = 1.5
"""Height over width from where on a line is read from below; the library turns it at the same ratio."""


@dataclass(frozen=True, slots=True)
class RecognizedLine:
    """Pixels, from the picture's top left corner; the box is upright, even where the line is not."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    "0 to 1."

    @property
    def is_across(self) -> bool:
        """And not up or down the picture: of such a line, the box is no wider than its letters are high."""
        return len(self.text) <= 2 or self.right - self.left > 1.2 * (self.bottom - self.top)


class Recognizer:
    """One picture at a time, on one thread."""

    def __init__(self) -> None:
        self._engine: Any = None

    def lines(self, pixels: Any) -> list[RecognizedLine]:
        """Of an array of bytes: rows, columns, and blue, green, red. In no order that could be relied on."""
        if min(pixels.shape[:2]) < _LEAST_SIDE:
            return []
        if self._engine is None:
            self._engine = _open_engine()
        found = self._engine(pixels, use_det=True, use_cls=False, use_rec=True)
        if not getattr(found, "txts", None):
            return []
        return [
            _placed(text, corners, confidence)
            for text, corners, confidence in zip(found.txts, found.boxes.tolist(), found.scores, strict=True)
        ]


def mean_confidence(lines: Sequence[RecognizedLine]) -> float:
    """Over characters; 0 where there are none."""
    characters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / max(1, characters)


def find_recognizer() -> Recognizer | None:
    """None where the extra is not installed."""
    return Recognizer() if find_spec(PACKAGE) else None


def _placed(text: str, corners: Sequence[Sequence[float]], confidence: float) -> RecognizedLine:
    """Corners go round from the top left one. Of a tilted line, the height is that of its letters."""
    top_left, top_right, bottom_right, bottom_left = corners
    across = [x for x, _ in corners]
    middle = sum(y for _, y in corners) / len(corners)
    width = (dist(top_left, top_right) + dist(bottom_left, bottom_right)) / 2
    height = (dist(top_left, bottom_left) + dist(top_right, bottom_right)) / 2
    if height > _UPRIGHT * width and len(text) > 2:
        height = width
    return RecognizedLine(text, min(across), middle - height / 2, max(across), middle + height / 2, confidence)


def _open_engine() -> Any:
    """Paths of models are given, since the library would fetch one that it misses.

    Lines are read one by one: in batches, where shorter ones are padded, some lost most of their words.
    """
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": _LEAST_CONFIDENCE,
            "Global.max_side_len": LONGEST_SIDE,
            "Rec.rec_batch_num": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTED_SIDE,
            **{f"{part}.model_path": str(_model_file(part.lower())) for part in ("Det", "Rec")},
            **threads,
        }
    )


def _model_file(part: str) -> Path:
    package = find_spec(PACKAGE)
    for folder in (package and package.submodule_search_locations) or ():
        if found := next(iter(sorted(Path(folder, "models").glob(f"*_{part}_*.onnx"))), None):
            return found
    raise FileNotFoundError(f"There is no model for {part} in the package {PACKAGE}.")
