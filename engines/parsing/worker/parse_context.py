"""State of one document while it is parsed: the input of its reader, and the results that are not blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engines.parsing.parsing_limits import ParsingLimits, above_limit
from engines.parsing.web_encoding import DecodedText
from engines.parsing.worker.ocr.recognizer import Recognizer
from records.document import ExtractionCoverage

_MAX_LISTED = 20


def _is_unknown(_word: str) -> bool:
    """Return False for every word, because no dictionary is loaded."""
    return False


@dataclass(slots=True)
class EquationCounts:
    """The equations of a document that are not in its text as LaTeX."""

    simplified: int = 0
    "Equations of which the text has the characters alone, without fractions, roots and other structure."
    unread: int = 0


@dataclass(slots=True)
class ParseContext:
    """The file, its limits, and the properties that its reader sets."""

    path: Path
    name: str
    media_type: str
    limits: ParsingLimits
    recognizer: Recognizer | None = None
    "Recognizes text in images; None if the OCR extra is not installed or not wanted."
    is_word: Callable[[str], bool] = _is_unknown
    "Returns True if a word, in lower case, is in the dictionary."
    title: str | None = None
    "Title that the file states. The reader sets it before it yields the first block."
    fraction: float = 0.0
    "Share of the file that has been parsed, 0 to 1."
    page_count: int | None = None
    pages_with_text: int | None = None
    pages_recognized: int | None = None
    "Pages in which OCR found text."
    ocr_pages: int = 0
    "Pages passed to OCR, whether or not text was found in them."
    tables: int | None = None
    pictures: int | None = None
    cells: int = 0
    "Number of table cells read so far, for the limit."
    warnings: list[str] = field(default_factory=list)
    equations: EquationCounts = field(default_factory=EquationCounts)
    "Counts that the contexts of a document's parts share."
    attachments: list[str] = field(default_factory=list)
    "Names of attached files that were not read."
    properties: dict[str, Any] = field(default_factory=dict)
    "Metadata of the file, as JSON values."

    def count_cells(self, cells: int) -> None:
        """Add table cells. Raises `DocumentUnreadable` (PARSER_LIMIT) above `limits.table_cells`."""
        self.cells += cells
        if self.cells > self.limits.table_cells:
            raise above_limit(
                f"The document's tables exceed the limit of {self.limits.table_cells:,} cells. "
                "Split it into smaller files."
            )

    def warn_of_parts(self, numbers: Sequence[int], total: int, parts: str, problem: str, advice: str = "") -> None:
        """Add a warning that lists parts of the document, such as `3 of 17 slides have no text: 2, 5, 9.`

        `numbers` are the numbers of the listed parts, from 1; if it is empty, no warning is added. At most 20 are listed.
        `total` is the number of all parts, `parts` their name, and `problem` and `advice` complete the message.
        """
        if numbers:
            listed = ", ".join(map(str, numbers[:_MAX_LISTED])) + (", …" if len(numbers) > _MAX_LISTED else "")
            warning = f"{len(numbers):,} of {total:,} {parts} {problem}: {listed}."
            self.warnings.append(f"{warning} {advice}".rstrip())

    def add_equation(self, *, has_characters: bool) -> None:
        """Count an equation that could not be converted, and whose characters alone were read if it `has_characters`."""
        self.equations.simplified += has_characters
        self.equations.unread += not has_characters

    def warn_of_equations(self) -> None:
        """Add warnings about equations that could not be converted, if there are any."""
        if count := self.equations.simplified:
            were = "1 equation was" if count == 1 else f"{count:,} equations were"
            self.warnings.append(f"{were} read without structure, such as fractions and roots.")
        if count := self.equations.unread:
            were = "1 equation" if count == 1 else f"{count:,} equations"
            self.warnings.append(f"{were} could not be read.")

    def warn_of_revision(self, deletions: int, hidden_words: int) -> None:
        """Add a warning about deletions, which were left out, and one about hidden words, which were read. Skip zeros."""
        if deletions:
            left_out = "1 deletion was" if deletions == 1 else f"{deletions:,} deletions were"
            self.warnings.append(f"Tracked changes were read as accepted: {left_out} left out.")
        if hidden_words:
            hidden = "1 hidden word was" if hidden_words == 1 else f"{hidden_words:,} hidden words were"
            self.warnings.append(f"{hidden} read.")

    def for_part(self) -> "ParseContext":
        """Return a new context with the same file and limits, for a part of the document whose blocks may be discarded."""
        return replace(self, title=None, tables=0, pictures=0, warnings=[], attachments=[], properties={})

    def add_part(self, part: "ParseContext") -> None:
        """Add the counts and warnings of a context that `for_part` returned. Its title and properties are not added."""
        self.tables = (self.tables or 0) + (part.tables or 0)
        self.pictures = (self.pictures or 0) + (part.pictures or 0)
        self.cells = part.cells
        for warning in part.warnings:
            self.warn_once(warning)
        self.attachments += part.attachments

    def warn_once(self, warning: str) -> None:
        """Add a warning unless the same warning has been added before."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def warn_of_decoding(self, decoded: DecodedText) -> None:
        """Add a warning if characters could not be decoded, or if the stated encoding could not be used."""
        if decoded.is_assumed:
            self.warn_once(
                f"The stated encoding is unknown or wrong, so {decoded.encoding} was assumed. Some characters may be wrong."
            )
        if decoded.replaced:
            self.warn_once(
                f"{decoded.replaced:,} characters could not be decoded as {decoded.encoding} and were replaced."
            )

    def coverage(self) -> ExtractionCoverage:
        """Return the coverage of the document as reported so far."""
        return ExtractionCoverage(
            pages=self.page_count,
            pages_with_text=self.pages_with_text,
            pages_recognized=self.pages_recognized,
            tables=self.tables,
            pictures=self.pictures,
            warnings=tuple(self.warnings),
        )
