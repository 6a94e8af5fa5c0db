"""R14: nDCG@10 on fitz-gov with each step of the ranking switched off or changed.

`python -m benchmarks.judged FOLDER --steps` measures the same on a folder of judged documents.
"""

from pathlib import Path

from benchmarks.figures import Figure, at_least
from benchmarks.retrieval import fitz_gov
from benchmarks.retrieval.fitz_gov import Collection
from benchmarks.retrieval.ranking_metrics import NDCG, RECALL, TOP_K, judge
from benchmarks.retrieval.steps_changed import STEPS_CHANGED
from records.ids import DocumentId
from records.retrieval import RetrievalQuery, SearchMode
from services.retrieval import Retriever
from services.retrieval.ranking_steps import RankingSteps
from tests.access import LOCAL
from tests.support.library import open_library

TOLERANCE = 0.002
"""Difference of nDCG@10 that counts as none."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    collection = fitz_gov.sample(fitz_gov.load(), 100, 100) if quick else fitz_gov.load()
    data = folder / "data"
    data.mkdir(parents=True)
    async with open_library(data) as library:
        numbers = {
            (await library.add(document.text, document.title or fitz_gov.first_words(document.text))).id: number
            for number, document in collection.documents.items()
        }
        await library.embed()
        whole = await _score(library.make_retriever(RankingSteps()), collection, numbers)
        changed = {
            name: await _score(library.make_retriever(steps), collection, numbers)
            for name, steps in STEPS_CHANGED.items()
        }
    return [
        at_least(
            "R14", f"fitz-gov nDCG@10, all steps ÷ {name}", whole[NDCG] / scores[NDCG], 1 - TOLERANCE,
            whole=whole[NDCG], changed=scores[NDCG], recall=whole[RECALL], changed_recall=scores[RECALL],
        )
        for name, scores in changed.items()
    ]  # fmt: skip


async def _score(retriever: Retriever, collection: Collection, numbers: dict[DocumentId, int]) -> dict[str, float]:
    """Return the mean of each measure over all questions."""
    found = {}
    for question in collection.questions:
        query = RetrievalQuery(question, SearchMode.HYBRID, TOP_K)
        found[question] = [numbers[hit.document.id] for hit in (await retriever.retrieve(LOCAL, query)).hits]
    return judge(collection.questions, found)
