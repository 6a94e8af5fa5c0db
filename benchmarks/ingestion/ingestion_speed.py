"""R7: chunks ingested per second, relative to `encode` alone. R9: lag of the event loop during an ingestion."""

import random
from pathlib import Path
from time import perf_counter

from benchmarks.baselines.process import Baseline, open_baseline
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.server_operations import event_loop_lag
from engines.embedding.worker.precision import has_bfloat16
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import upload_ready
from tests.support.documents.files import write_long_pdf

ROUNDS = 5
CHUNKS = """query ($id: ID!, $after: String) { document(id: $id) { chunks(first: 100, after: $after) {
    nodes { text } pageInfo { hasNextPage endCursor } } } }"""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    async with running_server(folder / "data") as server, Client(server.url) as client:
        speed = await _speed(client, folder, quick)
        loop_lag = await _loop_lag(client, folder, 100 if quick else 1000)
    return [speed, loop_lag]


async def _speed(client: Client, folder: Path, quick: bool) -> Figure:
    """Measure Graphlore and `encode` in turns, and compare the best rounds. Each round has a different text.

    A document that is ingested before the first round starts the workers; it is not measured.
    """
    words = 5_000 if quick else 60_000
    graphlore, encode_only = [], []
    async with open_baseline("embedding", "float32") as baseline:
        await _ingest(client, _write_text(folder, 0, 500))
        for number in range(1, 1 + (2 if quick else ROUNDS)):
            seconds, document_id = await _ingest(client, _write_text(folder, number, words))
            texts = await _texts(client, document_id)
            graphlore.append(len(texts) / seconds)
            encode_only.append(await _encode(baseline, texts))
    bound = 1.6 if has_bfloat16() else 0.9
    description = f"chunks/s ÷ `encode` alone in float32 ({'with' if has_bfloat16() else 'without'} bfloat16)"
    return at_least(
        "R7",
        description,
        max(graphlore) / max(encode_only),
        bound,
        graphlore=max(graphlore),
        encode_only=max(encode_only),
        chunks=len(texts),
    )


async def _ingest(client: Client, path: Path) -> tuple[float, str]:
    """Upload the file and return the seconds until it is READY, and the id of the document."""
    began = perf_counter()
    document = await upload_ready(client, path)
    return perf_counter() - began, str(document["id"])


async def _encode(baseline: Baseline, texts: list[str]) -> float:
    return float(len(texts) / (await baseline.request(texts=texts))["seconds"])


async def _texts(client: Client, document_id: str) -> list[str]:
    texts: list[str] = []
    after = None
    while True:
        chunks = (await client.run(CHUNKS, id=document_id, after=after))["document"]["chunks"]
        texts += [node["text"] for node in chunks["nodes"]]
        if not chunks["pageInfo"]["hasNextPage"]:
            return texts
        after = chunks["pageInfo"]["endCursor"]


def _write_text(folder: Path, seed: int, words: int) -> Path:
    """Write paragraphs of random words, different for each seed, and return the path."""
    chosen = random.Random(seed)
    vocabulary = ["".join(chosen.choices("etaoinshrdlu", k=chosen.randint(2, 9))) for _ in range(3000)]
    sentences = [" ".join(chosen.choices(vocabulary, k=12)).capitalize() + "." for _ in range(words // 12)]
    paragraphs = [" ".join(sentences[first : first + 6]) for first in range(0, len(sentences), 6)]
    path = folder / f"text-{seed}.txt"
    path.write_text("\n\n".join(paragraphs), encoding="utf-8")
    return path


async def _loop_lag(client: Client, folder: Path, pages: int) -> Figure:
    """Return the 99th percentile of the lag, computed from the histograms before and after the ingestion."""
    path = write_long_pdf(folder / "report.pdf", pages=pages)
    before, _ = await event_loop_lag(client)
    await upload_ready(client, path)
    after, maximum = await event_loop_lag(client)
    samples = {bound: count - before[bound] for bound, count in after.items()}
    p99 = min(bound for bound, count in samples.items() if count >= 0.99 * samples[float("inf")])
    description = f"event loop lag, p99, while {pages:,} pages are ingested"
    return at_most("R9", description, 1000 * p99, 50, " ms", maximum_ms=1000 * maximum, samples=samples[float("inf")])
