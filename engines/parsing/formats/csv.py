"""Delimited tables: comma-separated and tab-separated values."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

COMMA_SEPARATED, TAB_SEPARATED = "text/csv", "text/tab-separated-values"
DELIMITERS = ",;\t|"
_MIN_ROWS = 3


def detect(sample: FileSample) -> str | None:
    """Detect by extension; a file without an extension needs at least three lines with the same number of delimiters."""
    if not sample.is_text:
        return None
    if claimed := FORMAT.type_of(sample.extension):
        return claimed
    return COMMA_SEPARATED if not sample.extension and _looks_tabular(sample.text) else None


def _looks_tabular(text: str) -> bool:
    lines = text.splitlines()[:20]
    lines = lines if text.endswith("\n") else lines[:-1]
    for delimiter in DELIMITERS:
        counts = {line.count(delimiter) for line in lines}
        if len(lines) >= _MIN_ROWS and len(counts) == 1 and counts.pop() >= 1:
            return True
    return False


FORMAT = Format(
    types={COMMA_SEPARATED: (".csv",), TAB_SEPARATED: (".tsv", ".tab")},
    label="table of comma-separated values",
    is_text=True,
    detect=detect,
)
