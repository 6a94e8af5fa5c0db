"""R7: chunks of plain text a second, ingested, and bare `encode`. R9: the event loop's lag while pages are ingested."""

import random
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.rival import Rival, open_rival
from benchmarks.server import lag
from engines.embedding.worker.precision import has_bfloat16
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import upload_ready
from tests.support.files import write_long_pdf

ROUNDS = 5
CHUNKS = """query ($id: ID!, $after: String) { document(id: $id) { chunks(first: 100, after: $after) {
    nodes { text } pageInfo { hasNextPage endCursor } } } }"""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    async with running_server(folder / "data") as server, Client(server.url) as client:
        speed = await _speed(client, folder, quick)
        lateness = await _lateness(client, folder, 100 if quick else 1000)
    return [speed, lateness]


async def _speed(client: Client, folder: Path, quick: bool) -> Figure:
    """Best of five in turns, each with a text of its own, after one to start the workers."""
    words = 5_000 if quick else 60_000
    ours, bare = [], []
    async with open_rival("embedding", "float32") as rival:
        await _ingest(client, _write_text(folder, 0, 500))
        for number in range(1, 1 + (2 if quick else ROUNDS)):
            seconds, document_id = await _ingest(client, _write_text(folder, number, words))
            texts = await _texts(client, document_id)
            ours.append(len(texts) / seconds)
            bare.append(await _encode(rival, texts))
    bound = 1.6 if has_bfloat16() else 0.9
    what = f"chunks/s ÷ bare encode in float32 ({'with' if has_bfloat16() else 'without'} bfloat16)"
    return at_least("R7", what, max(ours) / max(bare), bound, ours=max(ours), bare=max(bare), chunks=len(texts))


async def _ingest(client: Client, path: Path) -> tuple[float, str]:
    """Seconds from the upload to READY."""
    began = perf_counter()
    document = await upload_ready(client, path)
    return perf_counter() - began, str(document["id"])


async def _encode(rival: Rival, texts: list[str]) -> float:
    return float(len(texts) / (await rival.ask(texts=texts))["seconds"])


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
    """Paragraphs of words as English spells them, different for each seed."""
    chosen = random.Random(seed)
    vocabulary = ["".join(chosen.choices("etaoinshrdlu", k=chosen.randint(2, 9))) for _ in range(3000)]
    sentences = [" ".join(chosen.choices(vocabulary, k=12)).capitalize() + "." for _ in range(words // 12)]
    paragraphs = [" ".join(sentences[first : first + 6]) for first in range(0, len(sentences), 6)]
    path = folder / f"text-{seed}.txt"
    path.write_text("\n\n".join(paragraphs), encoding="utf-8")
    return path


async def _lateness(client: Client, folder: Path, pages: int) -> Figure:
    """The bound that 99 of 100 looks at the loop are under, from its histogram before and after."""
    path = write_long_pdf(folder / "report.pdf", pages=pages)
    before, _ = await lag(client)
    await upload_ready(client, path)
    after, longest = await lag(client)
    looks = {bound: count - before[bound] for bound, count in after.items()}
    p99 = min(bound for bound, count in looks.items() if count >= 0.99 * looks[float("inf")])
    what = f"event loop's lag, p99, while {pages:,} pages are ingested"
    return at_most("R9", what, 1000 * p99, 50, " ms", longest_ms=1000 * longest, looks=looks[float("inf")])
