"""Words of a PDF page with their positions, read with pdfium.

pdfium returns the characters in the order of the file, with spaces and line breaks where it detects gaps. The layout
analysis uses only the positions of the words, so the order of the file does not matter.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import atan2, hypot, pi
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from engines.parsing.text_cleaning import clean_text
from engines.parsing.worker.pages.hyphens import HYPHEN_AT_LINE_END
from engines.parsing.worker.pages.page_spans import Span
from engines.parsing.worker.pdf.page_frame import PageFrame

SKEWED = -1
"""Direction of text that runs neither horizontally nor vertically."""
_SPACES = " \u00a0"
_BREAKS = frozenset(" \r\n\t\0\u00a0")
_LINE_HYPHENS = frozenset("\x02\ufffe\uffff")
"""Characters that pdfium returns instead of a hyphen at the end of a line and the line break after it."""
_SOFT_HYPHEN = "\xad"
_VERTICAL = re.compile("[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uff60]")
"""Characters of scripts that can be written from top to bottom."""
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_BOLD = re.compile(r"bold|black|heavy|semibold|demi(?!t)|[-,]b\b", re.I)
_MONOSPACED = re.compile(
    r"mono|courier|consol|typewriter|menlo|fixed|lettergothic|terminal|inconsolata|^\w*\+?cm(sl|i|v)?tt|lmtt|lmmono|ocrb",
    re.I,
)
_FIXED_PITCH_FLAG = 1
_FORCE_BOLD_FLAG = 1 << 18
_MAX_SIZE_RATIO = 3
"""Maximum ratio between the height of a character's box and its font size, in either direction, if both are plausible."""
_ASCENT, _DESCENT = 0.75, 0.2
"""Height of a span's box above the baseline, and depth of a word's box below it, as shares of the font size."""
_FONT_NAME_BYTES = 128


_Box = tuple[float, float, float, float]
"""Left, bottom, right and top of a box in user space."""


class _Word(NamedTuple):
    text: str
    direction: int
    "Counterclockwise quarter turns of the text in user space, or `SKEWED`."
    box: _Box
    baseline: tuple[float, float]
    size: float
    font: str
    is_bold: bool
    is_monospaced: bool
    follows_space: bool


class PageWords(NamedTuple):
    """The words of a page in the main direction of its text (`spans`), and the texts in other directions."""

    spans: list[Span]
    rotated_texts: list[Span]
    frame: PageFrame
    "The frame in which the main text is upright."


def read_words(textpage: Any, frame: PageFrame) -> PageWords:
    """Read the words of an open text page of pdfium. Words outside of the page's visible box are omitted."""
    words = list(_Reader(textpage).words())
    main = _main_direction(words, frame.rotation)
    upright = PageFrame(frame.left, frame.bottom, frame.right, frame.top, main)
    spans = [span for word in words if word.direction == main and (span := _visible_span(word, upright))]
    rotated = [word for word in words if word.direction != main]
    return PageWords(spans, list(_rotated_texts(rotated, upright)), upright)


def _main_direction(words: Sequence[_Word], rotation: int) -> int:
    """Return the direction of most characters (see `_Word.direction`); return `rotation` for a page without text."""
    counts: Counter[int] = Counter()
    for word in words:
        if word.direction != SKEWED:
            counts[word.direction] += len(word.text)
    return max(counts, key=lambda direction: (counts[direction], direction == rotation), default=rotation)


def _visible_span(word: _Word, frame: PageFrame) -> Span | None:
    left, _, right, _ = frame.box(*word.box)
    baseline = frame.point(*word.baseline)[1]
    width, height = frame.size
    if right <= 0 or left >= width or not 0 <= baseline <= height + word.size:
        return None
    top = baseline - _ASCENT * word.size
    style = (word.font, word.is_bold, word.is_monospaced, word.follows_space)
    return Span(word.text, left, top, max(right, left + 0.1), top + word.size, *style)


def _rotated_texts(words: Sequence[_Word], frame: PageFrame) -> Iterator[Span]:
    """Yield the rotated texts of a page, each made of words that are consecutive in the file and close to each other.

    The words of a stamp are usually consecutive in the file.
    """
    run: list[_Word] = []
    for word in words:
        if run and not _continues(run[-1], word):
            yield _rotated_text(run, frame)
            run = []
        run.append(word)
    if run:
        yield _rotated_text(run, frame)


def _continues(before: _Word, word: _Word) -> bool:
    distance = hypot(
        max(before.box[0] - word.box[2], word.box[0] - before.box[2], 0),
        max(before.box[1] - word.box[3], word.box[1] - before.box[3], 0),
    )
    return before.direction == word.direction and distance <= 2 * max(before.size, word.size)


def _rotated_text(words: Sequence[_Word], frame: PageFrame) -> Span:
    boxes = [frame.box(*word.box) for word in words]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return Span(" ".join(word.text for word in words), left, top, right, bottom, words[0].font)


class _Reader:
    """Reads one text page through pdfium's functions for single characters."""

    def __init__(self, textpage: Any) -> None:
        self._raw = textpage.raw
        self._rect = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._flags = ctypes.c_int()
        self._name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        self._styles: dict[tuple[bytes, int], tuple[str, bool, bool]] = {}

    def words(self) -> Iterator[_Word]:
        """Yield the words in the order of the file."""
        characters = self._characters()
        begin: int | None = None
        for index, character in enumerate(characters):
            if character in _BREAKS:
                if begin is not None:
                    yield from self._word(characters, begin, index)
                begin = None
            elif character in _LINE_HYPHENS:
                if begin is not None:
                    yield from self._word(characters, begin, index + 1)
                begin = None
            elif begin is None:
                begin = index
        if begin is not None:
            yield from self._word(characters, begin, len(characters))

    def _characters(self) -> Sequence[str]:
        """Return one character for each of pdfium's indexes. Unknown characters are NUL."""
        count = pdfium.FPDFText_CountChars(self._raw)
        if count <= 0:
            return ""
        units = (ctypes.c_ushort * (count + 1))()
        written = pdfium.FPDFText_GetText(self._raw, 0, count, units)
        text = bytes(units)[: 2 * max(0, written - 1)].decode("utf-16-le", "surrogatepass")
        if len(text) == count and written - 1 == count:
            return text
        codes = (pdfium.FPDFText_GetUnicode(self._raw, index) for index in range(count))
        return [chr(code) if code <= 0x10FFFF else "\0" for code in codes]

    def _word(self, characters: Sequence[str], begin: int, end: int) -> Iterator[_Word]:
        text = _cleaned("".join(characters[begin:end]))
        if not text:
            return
        first, last = self._box(begin), self._box(end - 1)
        direction, size = self._direction_and_size(begin, first)
        if end - begin > 1 and direction in (0, 2) and not first[1] - size / 2 < last[1] < first[1] + size / 2:
            yield from self._stacked(characters, begin, end, size)
            return
        pdfium.FPDFText_GetCharOrigin(self._raw, begin, self._x, self._y)
        baseline = (self._x.value, self._y.value)
        follows_space = begin > 0 and characters[begin - 1] in _SPACES
        yield _Word(text, direction, _union(first, last), baseline, size, *self._style(begin), follows_space)

    def _stacked(self, characters: Sequence[str], begin: int, end: int, size: float) -> Iterator[_Word]:
        """Divide a word whose characters are at different heights into the words that it consists of.

        pdfium joins single characters that are below each other. In a script that is written from top to bottom, they are
        one vertical word. Otherwise the characters at each height are a word, such as the cell of a narrow column.
        """
        part = begin
        while part < end:
            rest = part + 1
            while rest < end and abs(self._box(rest)[1] - self._box(part)[1]) < size / 2:
                rest += 1
            if rest - part == 1 and _VERTICAL.match(characters[part]):
                while rest < end and _VERTICAL.match(characters[rest]) and self._is_below(rest, rest - 1, size):
                    rest += 1
            box = _union(self._box(part), self._box(rest - 1))
            is_vertical = rest - part > 1 and self._is_below(rest - 1, part, size * (rest - part))
            baseline = (box[0] + _DESCENT * size, box[3]) if is_vertical else (box[0], box[1] + _DESCENT * size)
            text = _cleaned("".join(characters[part:rest]))
            if text:
                yield _Word(text, 3 if is_vertical else 0, box, baseline, size, *self._style(part), False)
            part = rest

    def _is_below(self, index: int, before: int, size: float) -> bool:
        box, above = self._box(index), self._box(before)
        return abs(box[0] - above[0]) < size / 2 and 0 < above[1] - box[1] < 2 * size

    def _box(self, index: int) -> _Box:
        rect = self._rect
        if not pdfium.FPDFText_GetLooseCharBox(self._raw, index, rect):
            return 0.0, 0.0, 0.0, 0.0
        return (
            min(rect.left, rect.right),
            min(rect.bottom, rect.top),
            max(rect.left, rect.right),
            max(rect.bottom, rect.top),
        )

    def _direction_and_size(self, index: int, box: _Box) -> tuple[int, float]:
        """Return the direction of the character at `index` (see `_Word.direction`), and its font size in points."""
        matrix = self._matrix
        pdfium.FPDFText_GetMatrix(self._raw, index, matrix)
        quarters = 2 * atan2(matrix.b, matrix.a) / pi
        direction = round(quarters) % 4 if abs(quarters - round(quarters)) < 0.06 else SKEWED
        size = pdfium.FPDFText_GetFontSize(self._raw, index) * hypot(matrix.c, matrix.d)
        height = box[3] - box[1] if direction % 2 == 0 else box[2] - box[0]
        plausible = height / _MAX_SIZE_RATIO <= size <= height * _MAX_SIZE_RATIO
        return direction, size if plausible or height <= 0 else height

    def _style(self, index: int) -> tuple[str, bool, bool]:
        """Return the name of a character's font, True if the font is bold, and True if it is monospaced."""
        length = pdfium.FPDFText_GetFontInfo(self._raw, index, self._name, _FONT_NAME_BYTES, self._flags)
        name = self._name.value if 0 < length <= _FONT_NAME_BYTES else b""
        key = (name, self._flags.value)
        if key not in self._styles:
            text = name.decode("utf-8", "replace")
            is_bold = bool(_BOLD.search(text)) or bool(self._flags.value & _FORCE_BOLD_FLAG)
            is_monospaced = bool(_MONOSPACED.search(text)) or bool(self._flags.value & _FIXED_PITCH_FLAG)
            self._styles[key] = (text, is_bold, is_monospaced)
        return self._styles[key]


def _union(first: _Box, last: _Box) -> _Box:
    """Return the box around the first and the last character of a word."""
    return min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3])


def _cleaned(text: str) -> str:
    """Return the text of a word without control characters, with ligatures replaced by letters.

    A hyphen at the end of a line becomes `-`, and a soft hyphen there becomes `HYPHEN_AT_LINE_END`.
    """
    if text.isascii() and text.isprintable():
        return text
    ending = ""
    if text[-1] in _LINE_HYPHENS:
        text, ending = text[:-1], "-"
    elif text[-1] == _SOFT_HYPHEN:
        text, ending = text[:-1], HYPHEN_AT_LINE_END
    return clean_text(_LIGATURE.sub(lambda match: _LIGATURES[match.group()], text)).strip() + ending
