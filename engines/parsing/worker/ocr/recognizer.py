"""Text recognition with rapidocr, which the extra `ocr` installs: lines with their boxes and confidence.

The package contains the small models of PP-OCRv6, so nothing is fetched. The models are loaded with the first image and stay
loaded until the process ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import dist
from pathlib import Path
from typing import Any

PACKAGE = "rapidocr"
INSTALL_ADVICE = "Install the OCR extra (`make setup OCR=1`) and reprocess the document."
"""Last sentence of messages about images that were not read because the extra is not installed."""
MAX_SIDE = 6000
"""Maximum length of the longer side of an image, in pixels. The library scales larger images down, which blurs letters."""
_DETECTION_SIDE = 1536
"""Length, in pixels, of the longer side of the reduced image in which lines are located.

The text of the lines is recognized in the original image.
"""
_MIN_SIDE = 16
"""Minimum length, in pixels, of the shorter side of an image that can contain letters.

Smaller images are not recognized. The library would scale them up.
"""
_MIN_CONFIDENCE = 0.6
"""Minimum confidence of a line. Most lines below it are stains and ornaments; they are dropped."""
RELIABLE_CONFIDENCE = 0.93
"""Minimum mean confidence of a page without a warning. On test scans below it, about one letter in ten was wrong."""
_VERTICAL_RATIO = 1.5
"""Minimum ratio of height to width of the box of a vertical line. The library rotates lines from the same ratio on."""


@dataclass(frozen=True, slots=True)
class RecognizedLine:
    """A recognized line, in pixels from the top left corner. The box is axis-aligned even if the line is tilted."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    "Confidence of the model, 0 to 1."

    @property
    def is_horizontal(self) -> bool:
        """True unless the line runs up or down the image. The width of its box is then the height of its letters."""
        return len(self.text) <= 2 or self.right - self.left > 1.2 * (self.bottom - self.top)


class Recognizer:
    """Recognizes the text of one image at a time, on one thread."""

    def __init__(self) -> None:
        self._engine: Any = None

    def lines(self, pixels: Any) -> list[RecognizedLine]:
        """Return the lines in an image, in no particular order.

        `pixels` is a uint8 array of the shape (rows, columns, 3), with the channels blue, green and red.
        """
        if min(pixels.shape[:2]) < _MIN_SIDE:
            return []
        if self._engine is None:
            self._engine = _open_engine()
        found = self._engine(pixels, use_det=True, use_cls=False, use_rec=True)
        if not getattr(found, "txts", None):
            return []
        return [
            _line(text, corners, confidence)
            for text, corners, confidence in zip(found.txts, found.boxes.tolist(), found.scores, strict=True)
        ]


def mean_confidence(lines: Sequence[RecognizedLine]) -> float:
    """Return the mean confidence of lines, weighted by their numbers of characters; 0 for an empty list."""
    characters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / max(1, characters)


def find_recognizer() -> Recognizer | None:
    """Return a recognizer, or None if the OCR extra is not installed."""
    return Recognizer() if find_spec(PACKAGE) else None


def _line(text: str, corners: Sequence[Sequence[float]], confidence: float) -> RecognizedLine:
    """Convert a line of rapidocr, whose corners are listed clockwise from the top left one.

    The box of a tilted line gets the height of its letters, which is less than that of the box around it.
    """
    top_left, top_right, bottom_right, bottom_left = corners
    xs = [x for x, _ in corners]
    middle = sum(y for _, y in corners) / len(corners)
    width = (dist(top_left, top_right) + dist(bottom_left, bottom_right)) / 2
    height = (dist(top_left, bottom_left) + dist(top_right, bottom_right)) / 2
    if height > _VERTICAL_RATIO * width and len(text) > 2:
        height = width
    return RecognizedLine(text, min(xs), middle - height / 2, max(xs), middle + height / 2, confidence)


def _open_engine() -> Any:
    """Load the models and return rapidocr's engine.

    The paths of the models are passed because the library would download a model that it does not find. Lines are recognized
    one by one: in batches, which pad shorter lines, some lines lost most of their words.
    """
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": _MIN_CONFIDENCE,
            "Global.max_side_len": MAX_SIDE,
            "Rec.rec_batch_num": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE,
            **{f"{part}.model_path": str(_model_file(part.lower())) for part in ("Det", "Rec")},
            **threads,
        }
    )


def _model_file(part: str) -> Path:
    package = find_spec(PACKAGE)
    for folder in (package and package.submodule_search_locations) or ():
        if found := next(iter(sorted(Path(folder, "models").glob(f"*_{part}_*.onnx"))), None):
            return found
    raise FileNotFoundError(f"The package {PACKAGE} contains no {part} model. Reinstall it with `make setup OCR=1`.")
