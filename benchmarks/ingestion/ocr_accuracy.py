"""O1 to O3: error rate, CPU time and memory of text recognition.

The scans are pages of the handbook of the tests: rendered by pdfium at the resolution of a scanner, slightly blurred
and compressed as JPEG. The reference text is the text layer of the same pages, read by the same parser. A page takes
seconds of a core.
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
from tests.support.documents.files import write_pdf
from tests.support.documents.scans import as_scanned, write_scan

PAGES = (8, 15)
"""Page indexes of the handbook, counted from 0: one page with prose and a heading, one with a table."""
SCAN_DPIS = (100, 150, 200, 300)
RENDER_DPIS = (100, 150, 200, 300)


async def measure(folder: Path, quick: bool) -> list[Figure]:
    write_pdf(folder / "handbook.pdf")
    pages = PAGES[1:] if quick else PAGES
    original = _write_original(folder, pages)
    errors: dict[tuple[int, int], float] = {}
    seconds: dict[int, float] = {}
    memory = 0.0
    for render_dpi in RENDER_DPIS:
        async with open_parser(ParsingLimits(ocr_dpi=render_dpi)) as parser:
            reference = await _read(parser, original)
            await _read(parser, _write_scan(folder, 100))  # loads the models
            for scan_dpi in SCAN_DPIS:
                path = _write_scan(folder, scan_dpi)
                before = _process(parser).cpu_times().user
                text = await _read(parser, path)
                seconds[render_dpi] = (_process(parser).cpu_times().user - before) / len(pages)
                errors[scan_dpi, render_dpi] = error_rate(text, reference)
            memory = max(memory, _peak_mebibytes(parser))
    used = ParsingLimits().ocr_dpi
    return [
        at_most("O1", f"wrong characters, scan of 200 dpi rendered at {used}", errors[200, used], 0.02, **_by_dpis(errors)),
        at_most("O2", f"seconds of a core for a page rendered at {used} dpi", seconds[used], 10,
                **_by_dpi(seconds)),
        at_most("O3", "peak memory of the parsing process, MiB", memory, 1500),
    ]  # fmt: skip


def _by_dpis(errors: dict[tuple[int, int], float]) -> dict[str, Any]:
    return {f"{scan_dpi} at {render_dpi}": value for (scan_dpi, render_dpi), value in errors.items()}


def _by_dpi(seconds: dict[int, float]) -> dict[str, Any]:
    return {f"at {dpi}": value for dpi, value in seconds.items()}


def _process(parser: Parser) -> psutil.Process:
    return psutil.Process(parser.worker.pid)


def _peak_mebibytes(parser: Parser) -> float:
    """Return the peak resident size of the worker on Linux, and its current resident size elsewhere."""
    status = Path(f"/proc/{parser.worker.pid}/status")
    if not status.exists():
        return float(_process(parser).memory_info().rss / MIB)
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _write_original(folder: Path, pages: Sequence[int]) -> Path:
    path = folder / "original.pdf"
    with pypdfium2.PdfDocument(folder / "handbook.pdf") as source, pypdfium2.PdfDocument.new() as some:
        some.import_pages(source, list(pages))
        some.save(path)
    return path


def _write_scan(folder: Path, dpi: int) -> Path:
    path = folder / f"scan-{dpi}.pdf"
    if not path.exists():
        with pypdfium2.PdfDocument(folder / "original.pdf") as document:
            pages = [as_scanned(page.render(scale=dpi / 72, grayscale=True).to_pil()) for page in document]
        write_scan(path, pages, dpi=dpi)
    return path


async def _read(parser: Parser, path: Path) -> str:
    async with parser.parse(path, "application/pdf", path.name, Chunking()) as parsing:
        return "".join([event.text async for event in parsing if isinstance(event, ParsedText)])


def error_rate(text: str, reference: str) -> float:
    """Return the Levenshtein distance divided by the length of the reference. Runs of white space count as one space."""
    text, reference = " ".join(text.split()), " ".join(reference.split())
    row = list(range(len(reference) + 1))
    for number, character in enumerate(text, 1):
        diagonal, row[0] = row[0], number
        for place, expected in enumerate(reference, 1):
            diagonal, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, diagonal + (character != expected)),
            )
    return row[-1] / max(1, len(reference))
