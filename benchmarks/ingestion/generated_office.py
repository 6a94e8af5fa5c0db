"""T1, T2: shares of the facts of generated office documents that their extracted text contains.

A table fact is a label, a column and a value: a line must contain the label and `column: value`. A text fact is a sentence,
a heading, a list item or a note: the text must contain it without a gap.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, at_least
from benchmarks.ingestion.office_documents import OfficeDocument, OfficeWriter, TableFact
from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import reader_for

WRITERS: dict[str, Callable[[OfficeWriter, Path], OfficeDocument]] = {
    "DOCX": OfficeWriter.write_docx,
    "PPTX": OfficeWriter.write_pptx,
    "ODT": OfficeWriter.write_odt,
}


def missing_facts(document: OfficeDocument) -> tuple[list[TableFact], list[str]]:
    """Return the table facts and the text facts that the extracted text of a document does not contain."""
    media_type = detect_type(document.path, document.path.name).require()
    context = ParseContext(document.path, document.path.name, media_type, ParsingLimits())
    blocks = [block for block in reader_for(media_type)(context) if isinstance(block, Block)]
    lines = [line for block in blocks for line in block.text.split("\n")]
    text = one_line(" ".join(lines))
    return (
        [fact for fact in document.tables if not any(_states(line, fact) for line in lines)],
        [fact for fact in document.texts if fact not in text],
    )


def _states(line: str, fact: TableFact) -> bool:
    return fact.label in line and f"{fact.column}: {fact.value}" in line


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Return the shares of table facts and of text facts that are read, by format."""
    figures = []
    for name, write in WRITERS.items():
        tables = texts = lost_tables = lost_texts = 0
        for seed in range(25 if quick else 300):
            document = write(OfficeWriter(seed), folder)
            missing = missing_facts(document)
            tables, texts = tables + len(document.tables), texts + len(document.texts)
            lost_tables, lost_texts = lost_tables + len(missing[0]), lost_texts + len(missing[1])
        figures.append(at_least("T1", f"table facts read: {name}", 1 - lost_tables / tables, 0.98, facts=tables))
        figures.append(at_least("T2", f"text facts read: {name}", 1 - lost_texts / texts, 0.995, facts=texts))
    return figures
