"""I16: random answers with multi-byte text and stop strings. The tests use a part of the same answers."""

from pathlib import Path

from benchmarks.figures import Figure, at_least
from tests.engines.inference.streaming.random_answers import find_faults, random_answer

STREAMS = 10_000


async def measure(folder: Path, quick: bool) -> list[Figure]:
    count = 500 if quick else STREAMS
    found = [fault for seed in range(count) for fault in find_faults(random_answer(seed))]
    correct = 100 * (1 - len(found) / count)
    description = "fuzzed streams whose deltas join to the content, with no character split and no stop string leaked"
    return [at_least("I16", description, correct, 100, " %", streams=count, faults=sorted(set(found)))]
