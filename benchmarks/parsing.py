"""R8: pages of a PDF a second, through our parser with its paragraphs and chunks, and through docling's bare pipeline."""

from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, at_least
from benchmarks.rival import open_rival
from engines.parsing.client import Parser, open_parser
from records.document import Chunking
from tests.support.files import write_long_pdf

ROUNDS = 5


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Best of five in turns, each after a round to warm up, where both import docling."""
    pages = 40 if quick else 300
    path = write_long_pdf(folder / "report.pdf", pages=pages)
    ours, bare = [], []
    async with open_parser() as parser, open_rival("docling_native") as docling:
        for round_number in range(1 + (2 if quick else ROUNDS)):
            seconds = await _parse(parser, path), (await docling.ask(path=str(path)))["seconds"]
            if round_number:
                ours.append(pages / seconds[0])
                bare.append(pages / seconds[1])
    ratio = max(ours) / max(bare)
    return [
        at_least("R8", "pages/s ÷ docling's native pipeline", ratio, 0.9, ours=max(ours), bare=max(bare), pages=pages)
    ]


async def _parse(parser: Parser, path: Path) -> float:
    began = perf_counter()
    async with parser.parse(path, "application/pdf", path.name, Chunking()) as parsing:
        async for _ in parsing:
            pass
    return perf_counter() - began
