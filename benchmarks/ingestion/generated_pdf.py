"""T1, T2: shares of the facts of generated PDF files that their extracted text contains, in hundreds of layouts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from benchmarks.figures import Figure, at_least, unmeasured
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedText
from engines.parsing.worker.chunking.token_counter import TokenCounter, open_token_counter
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.parse_context import ParseContext
from records.document import Chunking
from tests.support import generated_tables, generated_texts
from tests.support.printed_tables import export_page, print_page, write_page
from tests.support.programs import ProgramMissing, find_browser, find_office

_TABLES, _TEXTS = 300, 60
_QUICK = 20
_PRINTED, _QUICK_PRINTED = 60, 5
_PRODUCERS: dict[str, tuple[Callable[[], str], Callable[[str, Path, Path], Path]]] = {
    "Chromium": (find_browser, print_page),
    "LibreOffice": (find_office, export_page),
}
"""For each program: the function that finds the program, and the function that converts a web page with it."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Generate and read tables and prose. Each layout is drawn by Hypothesis from a fixed seed."""
    tokens = open_token_counter()
    facts, missing = _count(
        generated_tables.tables(), _QUICK if quick else _TABLES,
        lambda table: (table.known_facts(), generated_tables.missing_facts(
            _read(generated_tables.write_table(folder / "table.pdf", table), tokens), table.known_facts())),
    )  # fmt: skip
    printed = [_printed(folder, producer, _QUICK_PRINTED if quick else _PRINTED, tokens) for producer in _PRODUCERS]
    sentences, lost = _count(
        generated_texts.texts(), _QUICK if quick else _TEXTS,
        lambda text: (text.sentences, generated_texts.missing_sentences(
            _read(generated_texts.write_text(folder / "text.pdf", text), tokens), text.sentences)),
    )  # fmt: skip
    return [
        at_least("T1", "table facts of generated PDF files", 1 - missing / facts, 0.98, facts=facts),
        *printed,
        at_least("T2", "sentences of generated PDF files", 1 - lost / sentences, 0.995, sentences=sentences),
    ]


def _printed(folder: Path, producer: str, tables: int, tokens: TokenCounter) -> Figure:
    """Measure the tables of web pages that another program converted to PDF."""
    description = f"table facts of PDF files made by {producer}"
    find, convert = _PRODUCERS[producer]
    try:
        program = find()
    except ProgramMissing as reason:
        return unmeasured("T1", description, reason)

    def judge(table: generated_tables.GeneratedTable) -> tuple[list[Any], list[Any]]:
        page = write_page(folder / "page.html", table)
        text = _read(convert(program, page, folder / "printed.pdf"), tokens)
        return table.known_facts(), generated_tables.missing_facts(text, table.known_facts())

    facts, missing = _count(generated_tables.tables(), tables, judge)
    return at_least("T1", description, 1 - missing / facts, 0.98, facts=facts)


def _count(
    strategy: SearchStrategy[Any], examples: int, judge: Callable[[Any], tuple[list[Any], list[Any]]]
) -> tuple[int, int]:
    """Draw documents from `strategy` and return the number of their facts, and the number of missing facts.

    `judge` reads a document and returns its facts and those that its text does not contain.
    """
    known = missing = 0

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(2031)
    @given(strategy)
    def generate(drawn: Any) -> None:
        nonlocal known, missing
        facts, lost = judge(drawn)
        known, missing = known + len(facts), missing + len(lost)

    generate()
    return max(1, known), missing


def _read(path: Path, tokens: TokenCounter) -> str:
    context = ParseContext(path, path.name, "application/pdf", ParsingLimits())
    events = Extraction(context, Chunking(), tokens).events()
    return "".join(event.text for event in events if isinstance(event, ParsedText))
