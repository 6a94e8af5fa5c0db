"""Text in pictures: lines with their boxes and how sure the models are, by rapidocr, where the extra `ocr` is installed.

PP-OCRv6's small models lie in its package, so nothing is fetched. They load with the first picture and stay for the life
of the process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil, dist
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

PACKAGE = "rapidocr"
INSTALL = "install the OCR extra (`make setup OCR=1`) and reprocess the document"
"""What is said wherever text in pictures was not read for want of it."""
LONGEST_SIDE = 6000
"""Pixels; the library makes larger pictures smaller, and so less legible, than they were drawn."""
_DETECTED_SIDE = 1536
"""Pixels of the picture in which lines are looked for; they are read in the picture as it is."""
_LONGEST_LINE = 20
"""Width over height: from about twice as much on, the model loses its place in a line and drops most of it."""
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
        if self._engine is None:
            self._engine = _open_engine()
        found = self._engine(pixels, use_det=True, use_cls=False, use_rec=False)
        boxes = [] if found.boxes is None else found.boxes
        return [line for corners in boxes if (line := self._line(pixels, corners))]

    def _line(self, pixels: Any, corners: Any) -> RecognizedLine | None:
        """Read in pieces, where it is long; None where the models are not sure enough."""
        read = [self._engine(piece, use_det=False, use_cls=False, use_rec=True) for piece in pieces_of(pixels, corners)]
        texts = [(text, score) for each in read for text, score in zip(each.txts, each.scores, strict=True) if text]
        characters = sum(len(text) for text, _ in texts)
        confidence = sum(score * len(text) for text, score in texts) / max(1, characters)
        if confidence < _LEAST_CONFIDENCE:
            return None
        return _placed(joined([text for text, _ in texts]), corners.tolist(), confidence)


def mean_confidence(lines: Sequence[RecognizedLine]) -> float:
    """Over characters; 0 where there are none."""
    characters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / max(1, characters)


def find_recognizer() -> Recognizer | None:
    """None where the extra is not installed."""
    return Recognizer() if find_spec(PACKAGE) else None


def pieces_of(pixels: Any, corners: Any) -> Iterator[Any]:
    """The picture of a line, cut between words into pieces that are not too long for the model."""
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    whole = get_rotate_crop_image(pixels, np.array(corners, np.float32))
    height, width = whole.shape[:2]
    count = ceil(width / (_LONGEST_LINE * max(1, height)))
    begin = 0
    for number in range(1, count):
        around = (number * width // count - 2 * height, number * width // count + 2 * height)
        end = around[0] + _gap_within(whole[:, around[0] : around[1]])
        yield whole[:, begin:end]
        begin = end
    yield whole[:, begin:]


def _gap_within(part: Any) -> int:
    """The column around which there is the least ink: between words, and not between letters."""
    import numpy as np

    ink = np.abs(part.astype(np.int32) - np.median(part, axis=(0, 1)).astype(np.int32)).sum(axis=(0, 2))
    window: int = max(1, part.shape[0] // 6)
    return int(np.convolve(ink, np.ones(window), "same")[window:-window].argmin()) + window


def joined(texts: Sequence[str]) -> str:
    """A space between words; none where scripts have none."""
    text = ""
    for piece in texts:
        glue = "" if not text or is_wide(text[-1]) or is_wide(piece[0]) else " "
        text += glue + piece
    return text


def is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"


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
    """Paths of models are given, since the library would fetch one that it misses."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
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
