"""Fusion of several rankings into one, and adjustments of the fused ranking.

Min-max fusion: the scores of each ranking are scaled to 0 to 1 and added with a weight. On three judged collections, and in
Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval" (2023), it is never worse than reciprocal ranks if all
rankings have enough hits. A scale of fewer than three hits says nothing; reciprocal rank fusion (Cormack et al., 2009) is
used then.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence

from records.ids import ChunkId
from records.retrieval import ScoredChunk
from services.retrieval.ranking_steps import Fusion

MIN_HITS_TO_SCALE = 3
RECIPROCAL_RANK_K = 10


def fuse(
    rankings: Sequence[tuple[Sequence[ScoredChunk], float]], fusion: Fusion = Fusion.MIN_MAX
) -> tuple[ScoredChunk, ...]:
    """Fuse rankings (best first) by their weights; empty rankings are ignored."""
    present = [(ranking, weight) for ranking, weight in rankings if ranking]
    is_scaled = fusion is Fusion.MIN_MAX and all(len(ranking) >= MIN_HITS_TO_SCALE for ranking, _ in present)
    scores: dict[ChunkId, float] = {}
    for ranking, weight in present:
        for chunk_id, share in (_min_max(ranking) if is_scaled else _reciprocal_ranks(ranking)).items():
            scores[chunk_id] = scores.get(chunk_id, 0.0) + weight * share
    return best_first(scores)


def best_first(scores: Mapping[ChunkId, float]) -> tuple[ScoredChunk, ...]:
    """Sort by score, highest first, then by id."""
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ScoredChunk(chunk_id, score) for chunk_id, score in ordered)


def put_first(ranking: Sequence[ScoredChunk], chosen: Collection[ChunkId]) -> tuple[ScoredChunk, ...]:
    """Move the chosen chunks before all others, and add those that the ranking lacks. The order within both groups is kept.

    The score of a chosen chunk is raised by twice the highest score.
    """
    if not chosen:
        return tuple(ranking)
    lift = 2 * max((hit.score for hit in ranking), default=0.5)
    scores = {hit.chunk_id: hit.score for hit in ranking}
    return best_first(scores | {chunk_id: scores.get(chunk_id, 0.0) + lift for chunk_id in chosen})


def lift_neighbours(
    ranking: Sequence[ScoredChunk], neighbours: Mapping[ChunkId, Sequence[ChunkId]], share: float
) -> tuple[ScoredChunk, ...]:
    """Add `share` of a hit's score to the chunks before and after it, even if they are not in the ranking.

    An answer often begins in one chunk and ends in the next. A chunk between two hits gains from the better one only.
    """
    lifts: dict[ChunkId, float] = {}
    for hit in ranking:
        for neighbour in neighbours.get(hit.chunk_id, ()):
            lifts[neighbour] = max(lifts.get(neighbour, 0.0), share * hit.score)
    scores = {hit.chunk_id: hit.score for hit in ranking}
    return best_first({each: scores.get(each, 0.0) + lifts.get(each, 0.0) for each in scores | lifts})


def group_by_page(
    ranking: Sequence[ScoredChunk], pages: Mapping[ChunkId, Hashable], share: float, decay: float
) -> tuple[ScoredChunk, ...]:
    """Raise the score of the best chunk of each page, and lower the scores of the page's other chunks.

    The best chunk gains `share` of the sum of the others' scores. The score of the second chunk is multiplied by `decay`,
    that of the third by `decay` squared, and so on. A chunk without a page keeps its score.
    """
    groups: dict[Hashable, list[ScoredChunk]] = {}
    for hit in ranking:
        groups.setdefault(pages.get(hit.chunk_id, hit.chunk_id), []).append(hit)
    scores: dict[ChunkId, float] = {}
    for best, *others in groups.values():
        scores[best.chunk_id] = best.score + share * sum(hit.score for hit in others)
        scores |= {hit.chunk_id: hit.score * decay**place for place, hit in enumerate(others, 1)}
    return best_first(scores)


def _min_max(ranking: Sequence[ScoredChunk]) -> Mapping[ChunkId, float]:
    low = min(hit.score for hit in ranking)
    span = max(hit.score for hit in ranking) - low
    return {hit.chunk_id: (hit.score - low) / span if span else 1.0 for hit in ranking}


def _reciprocal_ranks(ranking: Sequence[ScoredChunk]) -> Mapping[ChunkId, float]:
    return {hit.chunk_id: 1.0 / (RECIPROCAL_RANK_K + rank) for rank, hit in enumerate(ranking, 1)}
