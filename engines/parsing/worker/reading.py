"""One document while it is read: what its format is told, and what it tells besides the blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.parsing.limits import Limits, above_limit
from engines.parsing.worker.recognizer import Recognizer
from records.document import ExtractionCoverage

_LISTED = 20


@dataclass(slots=True)
class Reading:
    path: Path
    name: str
    media_type: str
    limits: Limits
    recognizer: Recognizer | None = None
    "None where text in pictures is not recognized."
    title: str | None = None
    "To be set before the first block, where the format knows it."
    fraction: float = 0.0
    "How much has been read, 0 to 1."
    page_count: int | None = None
    pages_with_text: int | None = None
    pages_recognized: int | None = None
    pages_looked_at: int = 0
    "By the recognizer, whether or not it saw text."
    tables: int | None = None
    pictures: int | None = None
    cells: int = 0
    warnings: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    "JSON values."

    def count_cells(self, cells: int) -> None:
        self.cells += cells
        if self.cells > self.limits.table_cells:
            raise above_limit(f"The document's tables have more than {self.limits.table_cells:,} cells.")

    def note_missing(self, missing: Sequence[int], total: int, what: str, why: str, remedy: str = "") -> None:
        """Warn that some parts of the document, counted from 1, were not read: `3 of 17 slides have no text: 2, 5, 9.`"""
        if missing:
            listed = ", ".join(map(str, missing[:_LISTED])) + (", …" if len(missing) > _LISTED else "")
            then = f"; {remedy}" if remedy else ""
            self.warnings.append(f"{len(missing):,} of {total:,} {what} {why}: {listed}{then}.")

    def coverage(self) -> ExtractionCoverage:
        return ExtractionCoverage(
            pages=self.page_count,
            pages_with_text=self.pages_with_text,
            pages_recognized=self.pages_recognized,
            tables=self.tables,
            pictures=self.pictures,
            warnings=tuple(self.warnings),
        )
