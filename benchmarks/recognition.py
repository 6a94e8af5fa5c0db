"""O1 to O3: how many characters of a scan are read wrong, how long a page takes, and how much memory that needs.

Specimens are the handbook of the tests, drawn by pdfium at the resolution of a scanner, a little out of focus and through
JPEG; the truth is the same handbook's own text, read by the same parser. Not quick: a page takes seconds of a core.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pypdfium2

from benchmarks.figures import Figure, at_most
from engines.parsing.client import Parser, open_parser
from engines.parsing.parsing_limits import MIB, ParsingLimits
from engines.parsing.protocol import ParsedText
from records.document import Chunking
from tests.support.files import write_pdf
from tests.support.scans import as_scanned, write_scan

PAGES = (8, 15)
"""Of the handbook, from 0: prose and a heading each, and a table."""
SCANNED_AT = (100, 150, 200, 300)
DRAWN_AT = (100, 150, 200, 300)


async def measure(folder: Path, quick: bool) -> list[Figure]:
    write_pdf(folder / "handbook.pdf")
    pages = PAGES[1:] if quick else PAGES
    text_of_them = _original(folder, pages)
    errors: dict[tuple[int, int], float] = {}
    seconds: dict[int, float] = {}
    memory = 0.0
    for drawn_at in DRAWN_AT:
        async with open_parser(ParsingLimits(ocr_dpi=drawn_at)) as parser:
            truth = await _read(parser, text_of_them)
            await _read(parser, _scan(folder, 100))  # loads the models
            for scanned_at in SCANNED_AT:
                path = _scan(folder, scanned_at)
                before = _process(parser).cpu_times().user
                text = await _read(parser, path)
                seconds[drawn_at] = (_process(parser).cpu_times().user - before) / len(pages)
                errors[scanned_at, drawn_at] = error_rate(text, truth)
            memory = max(memory, _peak_mebibytes(parser))
    used = ParsingLimits().ocr_dpi
    return [
        at_most("O1", f"wrong characters, scan of 200 dpi drawn at {used}", errors[200, used], 0.02, **_named(errors)),
        at_most("O2", f"seconds of a core for a page drawn at {used} dpi", seconds[used], 10,
                **_by_dpi(seconds)),
        at_most("O3", "MiB of the process at its most", memory, 1500),
    ]  # fmt: skip


def _named(errors: dict[tuple[int, int], float]) -> dict[str, Any]:
    return {f"{scanned} at {drawn}": value for (scanned, drawn), value in errors.items()}


def _by_dpi(seconds: dict[int, float]) -> dict[str, Any]:
    return {f"at {dpi}": value for dpi, value in seconds.items()}


def _process(parser: Parser) -> psutil.Process:
    return psutil.Process(parser.worker.pid)


def _peak_mebibytes(parser: Parser) -> float:
    """As Linux counts it; elsewhere what it has now."""
    status = Path(f"/proc/{parser.worker.pid}/status")
    if not status.exists():
        return float(_process(parser).memory_info().rss / MIB)
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _original(folder: Path, pages: Sequence[int]) -> Path:
    path = folder / "original.pdf"
    with pypdfium2.PdfDocument(folder / "handbook.pdf") as source, pypdfium2.PdfDocument.new() as some:
        some.import_pages(source, list(pages))
        some.save(path)
    return path


def _scan(folder: Path, dpi: int) -> Path:
    path = folder / f"scan-{dpi}.pdf"
    if not path.exists():
        with pypdfium2.PdfDocument(folder / "original.pdf") as document:
            pages = [as_scanned(page.render(scale=dpi / 72, grayscale=True).to_pil()) for page in document]
        write_scan(path, pages, dpi=dpi)
    return path


async def _read(parser: Parser, path: Path) -> str:
    async with parser.parse(path, "application/pdf", path.name, Chunking()) as parsing:
        return "".join([event.text async for event in parsing if isinstance(event, ParsedText)])


def error_rate(text: str, truth: str) -> float:
    """Characters to insert, delete or exchange (Levenshtein), over those of the truth; blanks of all kinds are one."""
    text, truth = " ".join(text.split()), " ".join(truth.split())
    row = list(range(len(truth) + 1))
    for number, character in enumerate(text, 1):
        before, row[0] = row[0], number
        for place, wanted in enumerate(truth, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (character != wanted))
    return row[-1] / max(1, len(truth))
