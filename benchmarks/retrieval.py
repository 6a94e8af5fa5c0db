"""R1, R2: how good `search` is on a judged collection. R5: what it costs beyond its bare parts. Both on one server."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import pytrec_eval

from benchmarks import fitz_gov
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.fitz_gov import Collection
from benchmarks.rival import open_rival
from benchmarks.server import import_text, until_ready
from tests.e2e.client import Client, Json
from tests.e2e.process import running_server

CHUNKS = 50
"Hits that are asked for: ten documents are nearly always among them."
SEARCH = """query ($input: SearchInput!) { search(input: $input) {
    ... on SearchResults { tookMs hits { document { id } } } ... on Error { code message } } }"""
NDCG, RECALL = "ndcg_cut_10", "recall_10"
BARE = 200
"Questions of R5."


async def measure(folder: Path, quick: bool) -> list[Figure]:
    collection = fitz_gov.sample(fitz_gov.load(), 100) if quick else fitz_gov.load()
    data = folder / "data"
    async with running_server(data) as server, Client(server.url) as client:
        numbers = {
            await import_text(client, document.text, document.title): str(number)
            for number, document in collection.documents.items()
        }
        await until_ready(client, len(numbers))
        scores = await _judge(client, collection, numbers)
        overhead = await _overhead(client, data, list(collection.questions)[: 20 if quick else BARE])
    return [*scores, overhead]


async def _judge(client: Client, collection: Collection, numbers: dict[str, str]) -> list[Figure]:
    hybrid, words, meaning = [
        await _score(client, collection, numbers, mode) for mode in ("HYBRID", "KEYWORD", "SEMANTIC")
    ]
    questions = len(collection.questions)
    return [
        at_least("R1", "fitz-gov nDCG@10, hybrid", hybrid[NDCG], 0.835, questions=questions),
        at_least("R1", "fitz-gov recall@10, hybrid", hybrid[RECALL], 0.93, questions=questions),
        at_least(
            "R2", "fitz-gov nDCG@10, hybrid ÷ the better leg", hybrid[NDCG] / max(words[NDCG], meaning[NDCG]), 1.0,
            words=words[NDCG], meaning=meaning[NDCG],
        ),
    ]  # fmt: skip


async def _score(client: Client, collection: Collection, numbers: dict[str, str], mode: str) -> dict[str, float]:
    """Means over all questions."""
    relevant = {question: dict.fromkeys(map(str, answers), 1) for question, answers in collection.questions.items()}
    run = {question: await _ranking(client, question, mode, numbers) for question in collection.questions}
    scored = pytrec_eval.RelevanceEvaluator(relevant, {"ndcg_cut.10", "recall.10"}).evaluate(run)
    return {name: sum(each[name] for each in scored.values()) / len(run) for name in (NDCG, RECALL)}


async def _ranking(client: Client, question: str, mode: str, numbers: dict[str, str]) -> dict[str, float]:
    """Documents by their best chunk, as scores that fall with the rank."""
    hits = (await _search(client, question, mode))["hits"]
    ranked = dict.fromkeys(numbers[hit["document"]["id"]] for hit in hits)
    return {number: 1.0 / (1 + rank) for rank, number in enumerate(ranked)}


async def _search(client: Client, question: str, mode: str, top_k: int = CHUNKS) -> Json:
    found = (await client.run(SEARCH, input={"query": question, "mode": mode, "topK": top_k}))["search"]
    assert "hits" in found, found
    return dict(found)


async def _overhead(client: Client, data: Path, questions: Sequence[str]) -> Figure:
    """In turns, question by question: through GraphQL, then each part bare."""
    ours, embedding, words, meaning = [], [], [], []
    async with open_rival("embedding", "fastest") as embedder, open_rival("searching", str(_database(data))) as bare:
        for question in questions:
            began = perf_counter()
            await _search(client, question, "HYBRID", top_k=5)
            ours.append(perf_counter() - began)
            embedded = await embedder.ask(texts=[question])
            searched = await bare.ask(query=question, vector=embedded["vector"])
            embedding.append(embedded["seconds"])
            words.append(searched["words"])
            meaning.append(searched["meaning"])
    parts = {
        "search": median(ours), "embedding": median(embedding), "words": median(words), "meaning": median(meaning)
    }  # fmt: skip
    rest = parts["search"] - parts["embedding"] - max(parts["words"], parts["meaning"])
    milliseconds = {name: 1000 * seconds for name, seconds in parts.items()}
    return at_most("R5", "HYBRID p50 − bare parts", 1000 * rest, 10, " ms", **milliseconds)


def _database(data: Path) -> Path:
    return next(path for path in data.iterdir() if path.suffix in (".db", ".sqlite3", ".sqlite"))
