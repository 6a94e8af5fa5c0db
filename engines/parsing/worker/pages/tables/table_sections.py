"""Titles of the sections of a table, such as `Current assets`. A title applies to the rows below it."""

import re
from dataclasses import dataclass

from engines.parsing.worker.pages.lines import Line

_TOTAL = re.compile(
    r"(?:sub-?)?total\b|summe\b|gesamt|net (?:income|loss|earnings|profit|cash|change|increase|decrease|assets)\b", re.I
)
_SAME_LEFT = 2.0
"""Maximum distance, in points, between the left edges of lines with the same indentation."""
_MAX_SECTIONS = 3


@dataclass(slots=True)
class _Section:
    """A section of a table that has not ended: the lines of its title, and which rows followed."""

    lines: list[Line]
    left: float
    is_bold: bool
    rows: int = 0
    has_indented_rows: bool = False

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


class Sections:
    """The section titles that apply to the current row. Add titles and read rows in the order of the page."""

    def __init__(self) -> None:
        self._open: list[_Section] = []
        self._unused: list[list[Line]] = []

    def clear(self) -> None:
        """End all sections. Call it before a new table begins."""
        while self._open:
            self._close()

    def unused(self) -> list[list[Line]]:
        """Return the lines of each section title that ended without a row. Each title is returned only once."""
        unused, self._unused = self._unused, []
        return unused

    def _close(self) -> None:
        section = self._open.pop()
        if not section.rows:
            self._unused.insert(0, section.lines)

    def add(self, line: Line) -> None:
        """Begin a section with the title in `line`, or append the line to the title before it.

        An open section ends if its title is indented further than the new one. With the same indentation, it ends too,
        unless its title is bold and the new one is not.
        """
        text, last = line.text, self._open[-1] if self._open else None
        if last and not last.rows and line.top - last.lines[-1].bottom < line.height and text[:1].islower():
            last.lines.append(line)
            return
        while self._open and not self._contains(self._open[-1], line):
            self._close()
        self._open.append(_Section([line], line.left, line.is_bold))

    @staticmethod
    def _contains(section: _Section, line: Line) -> bool:
        if abs(section.left - line.left) <= _SAME_LEFT:
            return section.is_bold and not line.is_bold
        return section.left < line.left

    def of_row(self, label: str, left: float | None) -> tuple[str, ...]:
        """Return the section titles that apply to a row, from the outermost to the innermost.

        `left` is the left edge of the row's label, in points, or None for a row without a label. A row that is not indented
        ends the section, and so does a total.
        """
        if left is not None:
            while self._open and self._is_over(self._open[-1], label, left):
                self._close()
        for section in self._open[-_MAX_SECTIONS:]:
            section.rows += 1
        if self._open and left is not None:
            self._open[-1].has_indented_rows |= left > self._open[-1].left + _SAME_LEFT
        texts = tuple(section.text.rstrip(" :") for section in self._open[-_MAX_SECTIONS:])
        if self._open and _TOTAL.match(label) and not self._open[-1].has_indented_rows:
            self._close()
        return texts

    @staticmethod
    def _is_over(section: _Section, label: str, left: float) -> bool:
        """Return True if a section ends before a row whose label begins at `left`.

        The label begins further left than the title, or as far left although earlier rows were indented.
        """
        if left < section.left - _SAME_LEFT:
            return True
        return section.has_indented_rows and left <= section.left + _SAME_LEFT
