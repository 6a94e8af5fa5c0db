"""`python -m benchmarks [--quick] [ROW …]`: measure, print a table, write JSON into `benchmarks/results/`."""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import chat, faults, graph, growth, ingestion, parsing, recognition, retrieval, uploads
from benchmarks.figures import Figure, save, table
from benchmarks.inference import beside, fuzzed, interruptions, killed, memory, prompts, retrieved, speed

Measure = Callable[[Path, bool], Awaitable[list[Figure]]]

GROUPS: dict[str, tuple[frozenset[str], Measure]] = {
    "chat": (frozenset({"I2"}), chat.measure),
    "speed": (frozenset({"I1", "I3", "I4"}), speed.measure),
    "prompts": (frozenset({"I5", "I6", "I7", "I8"}), prompts.measure),
    "prompts-rag": (frozenset({"I7"}), retrieved.measure),
    "interruptions": (frozenset({"I9", "I10", "I11"}), interruptions.measure),
    "beside-ingestion": (frozenset({"I12"}), beside.measure),
    "memory": (frozenset({"I13", "I14"}), memory.measure),
    "killed": (frozenset({"I15"}), killed.measure),
    "fuzzed": (frozenset({"I16"}), fuzzed.measure),
    "retrieval": (frozenset({"R1", "R2", "R5", "R10", "R11"}), retrieval.measure),
    "growth": (frozenset({"R4", "R6"}), growth.measure),
    "ingestion": (frozenset({"R7", "R9"}), ingestion.measure),
    "graph": (frozenset({"G4", "G5", "G6", "G7", "G8", "G9"}), graph.measure),
    "parsing": (frozenset({"R8"}), parsing.measure),
    "recognition": (frozenset({"O1", "O2", "O3"}), recognition.measure),
    "uploads": (frozenset({"R12"}), uploads.measure),
    "faults": (frozenset({"F1"}), faults.measure),
}


async def main(rows: frozenset[str], quick: bool) -> None:
    """One group after the other, each with a folder of its own; never two at once, they would slow each other down."""
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what the documents say.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of {', '.join(known)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="small samples: to see that it runs, not to quote")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(known):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    asyncio.run(main(frozenset(arguments.rows), arguments.quick))
