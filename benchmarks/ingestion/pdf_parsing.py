"""R8: PDF pages per second of Graphlore's parser, including paragraphs and chunks, relative to docling's native pipeline."""

from pathlib import Path
from time import perf_counter

from benchmarks.baselines.process import open_baseline
from benchmarks.figures import Figure, at_least
from engines.parsing.client import Parser, open_parser
from records.document import Chunking
from tests.support.documents.files import write_long_pdf

ROUNDS = 5


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Measure both parsers in turns and compare the best rounds. The first round, which imports docling, does not count."""
    pages = 40 if quick else 300
    path = write_long_pdf(folder / "report.pdf", pages=pages)
    graphlore, native = [], []
    async with open_parser() as parser, open_baseline("docling_native") as docling:
        for round_number in range(1 + (2 if quick else ROUNDS)):
            seconds = await _parse(parser, path), (await docling.request(path=str(path)))["seconds"]
            if round_number:
                graphlore.append(pages / seconds[0])
                native.append(pages / seconds[1])
    ratio = max(graphlore) / max(native)
    return [
        at_least(
            "R8",
            "pages/s ÷ docling's native pipeline",
            ratio,
            0.9,
            graphlore=max(graphlore),
            native=max(native),
            pages=pages,
        )
    ]


async def _parse(parser: Parser, path: Path) -> float:
    began = perf_counter()
    async with parser.parse(path, "application/pdf", path.name, Chunking()) as parsing:
        async for _ in parsing:
            pass
    return perf_counter() - began
