"""CSV and its kin, read row by row with Python's own reader: docling would hold the whole table in memory."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

COMMA_SEPARATED, TAB_SEPARATED = "text/csv", "text/tab-separated-values"
DELIMITERS = ",;\t|"
_FEWEST_ROWS = 3


def recognize(specimen: FileSample) -> str | None:
    """By its name; without one, by three lines or more with equally many cells."""
    if not specimen.is_text:
        return None
    if claimed := FORMAT.type_of(specimen.extension):
        return claimed
    return COMMA_SEPARATED if not specimen.extension and _looks_tabular(specimen.text) else None


def _looks_tabular(text: str) -> bool:
    lines = text.splitlines()[:20]
    lines = lines if text.endswith("\n") else lines[:-1]
    for delimiter in DELIMITERS:
        counts = {line.count(delimiter) for line in lines}
        if len(lines) >= _FEWEST_ROWS and len(counts) == 1 and counts.pop() >= 1:
            return True
    return False


FORMAT = Format(
    types={COMMA_SEPARATED: (".csv",), TAB_SEPARATED: (".tsv", ".tab")},
    label="table of comma-separated values",
    is_text=True,
    recognize=recognize,
)
