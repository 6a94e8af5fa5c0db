"""How good rankings of documents are, by the measures of TREC's own program."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytrec_eval

NDCG, RECALL = "ndcg_cut_10", "recall_10"
CHUNKS = 50
"Hits that are asked for: ten documents are nearly always among them."


def judge(answers: Mapping[str, Iterable[int]], found: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """nDCG@10 and recall@10, means over the questions. `found`: each hit's document, best first; repeats are passed over."""
    relevant = {question: {str(number): 1 for number in numbers} for question, numbers in answers.items()}
    run = {question: _scores(found[question]) for question in answers}
    scored: Mapping[str, Any] = pytrec_eval.RelevanceEvaluator(relevant, {"ndcg_cut.10", "recall.10"}).evaluate(run)
    return {name: sum(each[name] for each in scored.values()) / len(run) for name in (NDCG, RECALL)}


def _scores(numbers: Iterable[int]) -> dict[str, float]:
    """As scores that fall with the rank."""
    return {str(number): 1.0 / (1 + rank) for rank, number in enumerate(dict.fromkeys(numbers))}
