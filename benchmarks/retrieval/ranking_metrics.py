"""Quality metrics of rankings, computed by trec_eval."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytrec_eval

NDCG, RECALL = "ndcg_cut_10", "recall_10"
TOP_K = 50
"Number of chunks to request: they nearly always come from at least ten documents."


def judge(answers: Mapping[str, Iterable[int]], found: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Return the means of nDCG@10 and recall@10 over all questions.

    `answers` maps each question to its relevant documents, `found` to the document of each hit, best first. Repeated
    documents count once.
    """
    relevant = {question: {str(number): 1 for number in numbers} for question, numbers in answers.items()}
    run = {question: _scores(found[question]) for question in answers}
    scored: Mapping[str, Any] = pytrec_eval.RelevanceEvaluator(relevant, {"ndcg_cut.10", "recall.10"}).evaluate(run)
    return {name: sum(each[name] for each in scored.values()) / len(run) for name in (NDCG, RECALL)}


def _scores(numbers: Iterable[int]) -> dict[str, float]:
    """Return a score for each document that decreases with its rank."""
    return {str(number): 1.0 / (1 + rank) for rank, number in enumerate(dict.fromkeys(numbers))}
