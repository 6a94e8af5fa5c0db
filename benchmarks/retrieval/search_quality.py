"""R1, R2: ranking quality of `search` on a judged collection. R5: its latency. R10, R11: its consistency. One server."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.baselines.process import open_baseline
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.retrieval import consistency, fitz_gov
from benchmarks.retrieval.fitz_gov import Collection
from benchmarks.retrieval.ranking_metrics import NDCG, RECALL, TOP_K, judge
from benchmarks.server_operations import import_text, wait_until_ready
from tests.e2e.client import Client, Json
from tests.e2e.process import running_server

SEARCH = """query ($input: SearchInput!) { search(input: $input) {
    ... on SearchResults { tookMs hits { document { id } } } ... on Error { code message } } }"""
MAX_QUESTIONS = 200
"Questions for R5, R10 and R11."


async def measure(folder: Path, quick: bool) -> list[Figure]:
    collection = fitz_gov.sample(fitz_gov.load(), 100, 100) if quick else fitz_gov.load()
    data = folder / "data"
    async with running_server(data) as server, Client(server.url) as client:
        numbers = {
            await import_text(client, document.text, document.title): number
            for number, document in collection.documents.items()
        }
        await wait_until_ready(client, len(numbers))
        scores = await _judge(client, collection, numbers)
        overhead = await _overhead(client, data, list(collection.questions)[: 20 if quick else MAX_QUESTIONS])
        quotes = await consistency.wrong_quotes(client, list(collection.questions)[: 20 if quick else MAX_QUESTIONS])
        searched = [(name, collection.documents[number].text) for name, number in list(numbers.items())[::20]]
        deleted = await consistency.hits_after_deletion(client, searched)
    return [*scores, overhead, deleted, quotes]


async def _judge(client: Client, collection: Collection, numbers: dict[str, int]) -> list[Figure]:
    hybrid, keyword, dense = [
        await _score(client, collection, numbers, mode) for mode in ("HYBRID", "KEYWORD", "SEMANTIC")
    ]
    questions = len(collection.questions)
    return [
        at_least("R1", "fitz-gov nDCG@10, hybrid", hybrid[NDCG], 0.84, questions=questions),
        at_least("R1", "fitz-gov recall@10, hybrid", hybrid[RECALL], 0.935, questions=questions),
        at_least(
            "R2", "fitz-gov nDCG@10, hybrid ÷ the better leg", hybrid[NDCG] / max(keyword[NDCG], dense[NDCG]), 1.0,
            keyword=keyword[NDCG], dense=dense[NDCG],
        ),
    ]  # fmt: skip


async def _score(client: Client, collection: Collection, numbers: dict[str, int], mode: str) -> dict[str, float]:
    """Return the means over all questions."""
    found = {
        question: [numbers[hit["document"]["id"]] for hit in (await _search(client, question, mode))["hits"]]
        for question in collection.questions
    }
    return judge(collection.questions, found)


async def _search(client: Client, question: str, mode: str, top_k: int = TOP_K) -> Json:
    found = (await client.run(SEARCH, input={"query": question, "mode": mode, "topK": top_k}))["search"]
    assert "hits" in found, found
    return dict(found)


async def _overhead(client: Client, data: Path, questions: Sequence[str]) -> Figure:
    """Measure each question through GraphQL and then each part alone, in turns."""
    graphlore, embedding, keyword, dense = [], [], [], []
    async with (
        open_baseline("embedding", "fastest") as embedder,
        open_baseline("search", str(_database(data))) as bare,
    ):
        for question in questions:
            began = perf_counter()
            await _search(client, question, "HYBRID", top_k=5)
            graphlore.append(perf_counter() - began)
            embedded = await embedder.request(texts=[question])
            searched = await bare.request(query=question, vector=embedded["vector"])
            embedding.append(embedded["seconds"])
            keyword.append(searched["keyword"])
            dense.append(searched["dense"])
    parts = {
        "search": median(graphlore), "embedding": median(embedding), "keyword": median(keyword), "dense": median(dense)
    }  # fmt: skip
    rest = parts["search"] - parts["embedding"] - max(parts["keyword"], parts["dense"])
    milliseconds = {name: 1000 * seconds for name, seconds in parts.items()}
    return at_most(
        "R5", "HYBRID p50 − embedding and the slower search, each alone", 1000 * rest, 10, " ms", **milliseconds
    )


def _database(data: Path) -> Path:
    return next(path for path in data.iterdir() if path.suffix in (".db", ".sqlite3", ".sqlite"))
