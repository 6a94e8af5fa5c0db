"""`python -m benchmarks.judged FOLDER`: measure table facts and page hits of a folder of judged documents."""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.judged.bare_script import search_bare
from benchmarks.judged.collection import JudgedFolder, load
from benchmarks.judged.page_hits import DEPTHS, PageHits, search_pages
from benchmarks.judged.table_report import OURS, TableReport, compare_readers
from benchmarks.retrieval.steps_changed import STEPS_CHANGED
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedChunks
from engines.parsing.worker.chunking.token_counter import open_token_counter
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.parse_context import ParseContext
from records.document import Chunking, NewChunk
from records.retrieval import SearchMode
from services.retrieval.ranking_steps import RankingSteps

SCOPES = ("inside", "all")


def chunks_of(path: Path, chunking: Chunking) -> list[NewChunk]:
    """Parse a PDF file in this process."""
    context = ParseContext(path, path.name, "application/pdf", ParsingLimits())
    events = Extraction(context, chunking, open_token_counter()).events()
    return [chunk for event in events if isinstance(event, ParsedChunks) for chunk in event.chunks]


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def print_facts(report: TableReport) -> None:
    """Print the share of each reader, and the facts that Graphlore's chunks do not state."""
    print(f"\nTable facts that can be told ({len(report.facts)} facts)\n")
    print_table(("Document", *report.missed), report.rows())
    for fact in report.missed[OURS]:
        print(f"  not told: {fact.document} page {fact.page}: {fact.row} / {fact.column} = {fact.value}")


def print_hits(found: dict[str, PageHits]) -> None:
    """Print the hits of each program, by document, and the questions that Graphlore's search does not answer."""
    questions = found[OURS].questions
    print(f"\nQuestions with a right page among the first hits ({len(questions)} questions)\n")
    cases = [(program, scope, depth) for program in found for scope in SCOPES for depth in DEPTHS]
    documents = [*dict.fromkeys(question.document for question in questions), None]
    rows = [
        (name or "all", *(f"{found[program].share(scope, depth, name):.2f}" for program, scope, depth in cases))
        for name in documents
    ]
    print_table(("Document", *(f"{program}, {scope}, @{depth}" for program, scope, depth in cases)), rows)
    for index, question in enumerate(questions):
        if index not in found[OURS].found["inside", max(DEPTHS)]:
            print(f"  not found: {question.document} pages {sorted(question.pages)}: {question.text}")


async def measure_hits(
    folder: JudgedFolder, chunking: Chunking, mode: SearchMode, with_bare: bool, with_steps: bool
) -> dict[str, PageHits]:
    """Return the hits of Graphlore's search, of the search with each step changed, and of the bare script."""
    variants = {OURS: RankingSteps(), **(STEPS_CHANGED if with_steps else {})}
    with tempfile.TemporaryDirectory(prefix="graphlore-judged-") as data:
        found = await search_pages(folder, Path(data), chunking, mode, variants)
    if with_bare:
        found["bare script"] = await search_bare(folder, mode)
    return found


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judged", description="Measure a judged collection.")
    parser.add_argument("folder", type=Path, help="PDF or text files with questions.jsonl and table-facts.jsonl")
    parser.add_argument("--only", choices=("facts", "pages"), help="measure one part")
    parser.add_argument("--no-bare", action="store_true", help="omit the bare script")
    parser.add_argument("--steps", action="store_true", help="also change each step of the ranking")
    parser.add_argument("--mode", choices=list(SearchMode), default=SearchMode.HYBRID, help="KEYWORD embeds nothing")
    parser.add_argument("--max-tokens", type=int, default=Chunking().max_tokens, help="tokens of a chunk")
    arguments = parser.parse_args()
    folder, chunking = load(arguments.folder), Chunking(max_tokens=arguments.max_tokens)
    mode = SearchMode(arguments.mode)
    if folder.facts and arguments.only != "pages":
        print_facts(compare_readers(folder, lambda path: chunks_of(path, chunking)))
    if folder.questions and arguments.only != "facts":
        print_hits(asyncio.run(measure_hits(folder, chunking, mode, not arguments.no_bare, arguments.steps)))


if __name__ == "__main__":
    main()
