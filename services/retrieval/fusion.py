"""Several rankings become one.

Min-max: each leg's scores are stretched to 0 to 1 and added up by weight. Measured on three judged collections, and in
Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval" (2023), it is never worse than reciprocal ranks where
both legs have enough hits. Reciprocal rank fusion (Cormack et al., 2009) serves where a leg has fewer than three, since
the stretch then says nothing.
"""

from collections.abc import Mapping, Sequence

from records.ids import ChunkId
from records.retrieval import ScoredChunk

ENOUGH_TO_STRETCH = 3
RECIPROCAL_K = 10


def fuse(rankings: Sequence[tuple[Sequence[ScoredChunk], float]]) -> tuple[ScoredChunk, ...]:
    """Fuse rankings (best first) by their weights; an empty ranking takes no part."""
    present = [(ranking, weight) for ranking, weight in rankings if ranking]
    stretch = all(len(ranking) >= ENOUGH_TO_STRETCH for ranking, _ in present)
    scores: dict[ChunkId, float] = {}
    for ranking, weight in present:
        for chunk_id, share in (_stretched(ranking) if stretch else _reciprocal(ranking)).items():
            scores[chunk_id] = scores.get(chunk_id, 0.0) + weight * share
    return best_first(scores)


def best_first(scores: Mapping[ChunkId, float]) -> tuple[ScoredChunk, ...]:
    """Highest score first; ids break ties."""
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ScoredChunk(chunk_id, score) for chunk_id, score in ordered)


def put_first(ranking: Sequence[ScoredChunk], chosen: Sequence[ScoredChunk]) -> tuple[ScoredChunk, ...]:
    """The chosen ones before all others, each group in its order: they gain twice what the best of all has."""
    ids = {hit.chunk_id for hit in chosen}
    most = max((hit.score for hit in ranking), default=0.0)
    return best_first({hit.chunk_id: hit.score + (2 * most if hit.chunk_id in ids else 0.0) for hit in ranking})


def _stretched(ranking: Sequence[ScoredChunk]) -> Mapping[ChunkId, float]:
    low = min(hit.score for hit in ranking)
    span = max(hit.score for hit in ranking) - low
    return {hit.chunk_id: (hit.score - low) / span if span else 1.0 for hit in ranking}


def _reciprocal(ranking: Sequence[ScoredChunk]) -> Mapping[ChunkId, float]:
    return {hit.chunk_id: 1.0 / (RECIPROCAL_K + rank) for rank, hit in enumerate(ranking, 1)}
