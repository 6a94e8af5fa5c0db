"""`python -m benchmarks [--quick] [ROW …]`: measure, print a table, write JSON into `benchmarks/results/`."""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figures import Figure, save, table
from benchmarks.inference import (
    chat_during_ingestion,
    fuzzed_streams,
    interruptions,
    memory_fit,
    prefix_reuse,
    rag_turns,
    speed,
    worker_crash,
)
from benchmarks.ingestion import (
    generated_markup,
    generated_office,
    generated_pdf,
    generated_sheets,
    ingestion_speed,
    ocr_accuracy,
    pdf_parsing,
    upload_memory,
)
from benchmarks.retrieval import pipeline_steps, search_growth, search_quality
from benchmarks.serving import accounts, collections, graphql, random_kills, streamed_chat

Measure = Callable[[Path, bool], Awaitable[list[Figure]]]

GROUPS: dict[str, tuple[frozenset[str], Measure]] = {
    "streamed-chat": (frozenset({"I2"}), streamed_chat.measure),
    "speed": (frozenset({"I1", "I3", "I4"}), speed.measure),
    "prefix-reuse": (frozenset({"I5", "I6", "I7", "I8"}), prefix_reuse.measure),
    "rag-turns": (frozenset({"I7"}), rag_turns.measure),
    "interruptions": (frozenset({"I9", "I10", "I11"}), interruptions.measure),
    "chat-during-ingestion": (frozenset({"I12"}), chat_during_ingestion.measure),
    "memory-fit": (frozenset({"I13", "I14"}), memory_fit.measure),
    "worker-crash": (frozenset({"I15"}), worker_crash.measure),
    "fuzzed-streams": (frozenset({"I16"}), fuzzed_streams.measure),
    "search-quality": (frozenset({"R1", "R2", "R5", "R10", "R11"}), search_quality.measure),
    "pipeline-steps": (frozenset({"R14"}), pipeline_steps.measure),
    "search-growth": (frozenset({"R4", "R6"}), search_growth.measure),
    "ingestion-speed": (frozenset({"R7", "R9"}), ingestion_speed.measure),
    "graphql": (frozenset({"G4", "G5", "G6", "G7", "G8", "G9"}), graphql.measure),
    "accounts": (frozenset({"A1", "A2", "A3", "A4"}), accounts.measure),
    "collections": (frozenset({"A5", "A6", "A7"}), collections.measure),
    "pdf-parsing": (frozenset({"R8"}), pdf_parsing.measure),
    "generated-markup": (frozenset({"T2"}), generated_markup.measure),
    "generated-office": (frozenset({"T1", "T2"}), generated_office.measure),
    "generated-pdf": (frozenset({"T1", "T2"}), generated_pdf.measure),
    "generated-sheets": (frozenset({"T1"}), generated_sheets.measure),
    "ocr-accuracy": (frozenset({"O1", "O2", "O3"}), ocr_accuracy.measure),
    "upload-memory": (frozenset({"R12"}), upload_memory.measure),
    "random-kills": (frozenset({"F1"}), random_kills.measure),
}


async def main(rows: frozenset[str], quick: bool) -> None:
    """Run the groups that contain the rows, one after the other, each with its own folder.

    Groups never run at the same time, because they would slow each other down.
    """
    measured: list[Figure] = []
    for name, (members, measure) in GROUPS.items():
        if rows and not rows & members:
            continue
        print(f"{name}: {', '.join(sorted(members))} …", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"graphlore-{name}-") as folder:
            figures = await measure(Path(folder), quick)
        print(f"  written to {save(name, figures, quick)}", flush=True)
        measured += figures
    print(f"\n{table(measured)}")


if __name__ == "__main__":
    known = sorted(frozenset[str]().union(*(members for members, _ in GROUPS.values())))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the figures that the documentation quotes."
    )
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"rows to measure, from {', '.join(known)}; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="use small samples, to check that the benchmarks run")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(known):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    asyncio.run(main(frozenset(arguments.rows), arguments.quick))
