"""R4: recall relative to exact search. R6: latency of a search as the library grows, plotted from 1,000 passages.

Half of the queries of R4 are questions, half are vectors of passages. Its unfiltered searches use Chroma's
approximate index, which the server uses only above 200,000 passages.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.retrieval import fitz_gov
from benchmarks.retrieval.library import PASSAGES_PER_DOCUMENT, fill
from benchmarks.retrieval.passages import passages, vectors
from benchmarks.retrieval.plot import plot
from records.ids import DocumentId
from tests.e2e.client import Client, Json
from tests.e2e.process import running_server
from tests.e2e.story import SEARCH
from tests.support.library import Library, open_library

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUICK_SIZES = (500, 1_000)
DEPTH = 50
"Number of hits of R4."
QUERIES = 100
PLOT = Path(__file__).parents[2] / "docs" / "search-growth.svg"
DOCUMENT = 'query { documents(first: 1, filter: { nameContains: "passages from 0" }) { nodes { id } } }'
Matrix = npt.NDArray[np.float32]
Times = dict[str, float]


async def measure(folder: Path, quick: bool) -> list[Figure]:
    sizes = QUICK_SIZES if quick else SIZES
    questions = list(fitz_gov.load().questions)[:: 24 if not quick else 240][:QUERIES]
    data = folder / "data"
    data.mkdir(parents=True)
    texts = passages(sizes[-1])
    times: dict[int, Times] = {}
    for before, size in zip((0, *sizes), sizes, strict=False):
        async with open_library(data) as library:
            await fill(library, texts[:size], await vectors(library.embedder, texts[:size]), before)
            await _wait_for_comparison(library)
        times[size] = await _times(data, questions)
        print(f"  {size:,}: {times[size]}", flush=True)
    if not quick:
        PLOT.write_text(_plot(times), encoding="utf-8")
    return [*_growth(times, len(texts)), *await _recall_figures(data, questions, sizes[-1])]


async def _wait_for_comparison(library: Library) -> None:
    """Wait until Chroma contains the same vectors as SQLite. Before that, searches wait for its updates."""
    while library.vectors.last_comparison is None:
        await library.vectors.next_comparison()
    assert library.vectors.last_comparison.failure is None, library.vectors.last_comparison


async def _times(data: Path, questions: Sequence[str]) -> Times:
    """Return the median milliseconds of each kind of search through GraphQL, after five warm-up questions."""
    seconds: dict[str, list[float]] = {"hybrid": [], "keyword": [], "dense": [], "one document": []}
    async with running_server(data) as server, Client(server.url) as client:
        (one,) = (await client.run(DOCUMENT))["documents"]["nodes"]
        kinds: dict[str, Json] = {
            "hybrid": {}, "keyword": {"mode": "KEYWORD"}, "dense": {"mode": "SEMANTIC"},
            "one document": {"documentIds": [one["id"]]},
        }  # fmt: skip
        for number, question in enumerate([*questions[:5], *questions]):
            for name, arguments in kinds.items():
                began = perf_counter()
                found = (await client.run(SEARCH, input={"query": question, **arguments}))["search"]
                elapsed = perf_counter() - began
                assert "hits" in found, found
                if number >= 5:
                    seconds[name].append(elapsed)
    return {name: 1000 * median(each) for name, each in seconds.items()}


def _growth(times: dict[int, Times], passages: int) -> list[Figure]:
    largest, smaller = max(times), max(size for size in times if size <= max(times) // 2)
    tenth = max(times) // 10 if max(times) // 10 in times else smaller
    whole, part = times[largest], times[tenth]
    return [
        at_most(
            "R6", f"`search` p50 at {largest:,} passages ÷ at {tenth:,}", whole["hybrid"] / part["hybrid"], 2.5,
            large_ms=whole["hybrid"], small_ms=part["hybrid"], by_size=dict(times),
        ),
        at_most(
            "R6", f"`search` p50 filtered to one document ÷ unfiltered, at {passages:,}",
            whole["one document"] / whole["hybrid"], 1, filtered_ms=whole["one document"],
        ),
    ]  # fmt: skip


def _plot(times: dict[int, Times]) -> str:
    names = next(iter(times.values()))
    lines = {name: [(float(size), each[name]) for size, each in times.items()] for name in names}
    return plot("Search while the library grows, p50", "passages", "milliseconds", lines)


async def _recall_figures(data: Path, questions: Sequence[str], size: int) -> list[Figure]:
    async with open_library(data) as library:
        exact, ids, document_ids = _stored(library)
        queries = [np.frombuffer(await library.embedder.embed_prompt(text), "<f4") for text in questions]
        queries += list(exact[:: max(1, len(exact) // len(queries))][: len(queries)])
        chosen = [DocumentId(each) for each in np.unique(document_ids)[:: max(2, len(np.unique(document_ids)) // 10)]]
        inside = np.isin(document_ids, chosen)
        filtered = await _recall(library, queries, exact[inside], ids[inside], chosen)
    async with open_library(data, exact_limit=PASSAGES_PER_DOCUMENT) as library:
        await _wait_for_comparison(library)
        unfiltered = await _recall(library, queries, exact, ids, None)
    return [
        at_least("R4", "recall@50 relative to exact search, filtered", filtered, 1.0, queries=len(queries),
                 documents=len(chosen)),
        at_least("R4", f"recall@50 relative to exact search, Chroma ({size:,})", unfiltered, 0.99, queries=len(queries)),
    ]  # fmt: skip


async def _recall(
    library: Library,
    queries: Sequence[Matrix],
    exact: Matrix,
    ids: npt.NDArray[np.int64],
    within: list[DocumentId] | None,
) -> float:
    """Return the mean share of the nearest vectors that were found.

    Every vector that is as near as the fiftieth counts as correct, because the order among equals is arbitrary.
    """
    shares = []
    for vector in queries:
        scores = exact @ vector
        threshold = np.sort(scores)[-min(DEPTH, len(scores))] - 1e-4
        near = set(ids[scores >= threshold].tolist())
        found = await library.vectors.search(np.asarray(vector, "<f4").tobytes(), DEPTH, within)
        shares.append(sum(hit.chunk_id in near for hit in found) / min(DEPTH, len(scores)))
    return float(np.mean(shares))


def _stored(library: Library) -> tuple[Matrix, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return all vectors of the database as unit vectors, with the ids of their chunks and documents."""
    database = sqlite3.connect(library.folder / "graphlore.db")
    rows = database.execute("SELECT id, document_id, embedding FROM chunks WHERE embedding IS NOT NULL").fetchall()
    database.close()
    matrix = np.stack([np.frombuffer(row[2], "<f2").astype(np.float32) for row in rows])
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix, np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
