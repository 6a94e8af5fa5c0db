"""Fusion of rankings: chunks in several rankings go first; neighbours of hits gain from them."""

from hypothesis import given
from hypothesis import strategies as st

from records.ids import ChunkId
from records.retrieval import ScoredChunk
from services.retrieval.fusion import fuse, group_by_page, lift_neighbours, put_first


def ranking(*scores: tuple[int, float]) -> tuple[ScoredChunk, ...]:
    return tuple(ScoredChunk(ChunkId(chunk_id), score) for chunk_id, score in scores)


def ids(fused: tuple[ScoredChunk, ...]) -> list[int]:
    return [hit.chunk_id for hit in fused]


def test_a_chunk_in_both_rankings_goes_before_the_best_of_either() -> None:
    keyword = ranking((1, 10.0), (2, 9.0), (3, 1.0))
    dense = ranking((4, 0.9), (2, 0.85), (5, 0.1))
    assert ids(fuse([(keyword, 1.0), (dense, 1.0)]))[0] == 2


def test_scores_are_scaled_so_that_no_ranking_outweighs_the_other() -> None:
    keyword = ranking((1, 1000.0), (2, 500.0), (3, 0.0))
    dense = ranking((3, 0.9), (2, 0.5), (1, 0.1))
    fused = {hit.chunk_id: hit.score for hit in fuse([(keyword, 1.0), (dense, 1.0)])}
    assert fused == {ChunkId(1): 1.0, ChunkId(2): 1.0, ChunkId(3): 1.0}


def test_a_ranking_with_fewer_than_three_hits_is_fused_by_ranks() -> None:
    keyword = ranking((7, 3.0))
    dense = ranking((1, 0.9), (2, 0.8), (7, 0.7), (4, 0.6))
    fused = fuse([(keyword, 1.0), (dense, 1.0)])
    assert ids(fused)[0] == 7
    assert fused[0].score == 1 / 11 + 1 / 13


def test_an_empty_ranking_changes_nothing() -> None:
    dense = ranking((1, 0.9), (2, 0.8), (3, 0.7))
    assert ids(fuse([((), 1.0), (dense, 1.0)])) == [1, 2, 3]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-5, 50)), max_size=20, unique_by=lambda pair: pair[0]))
def test_every_chunk_is_in_the_result_once_best_first(pairs: list[tuple[int, float]]) -> None:
    best_first = sorted(pairs, key=lambda pair: -pair[1])
    fused = fuse([(ranking(*best_first), 1.0), (ranking((1, 0.5), (60, 0.4), (61, 0.3)), 0.5)])
    assert sorted(ids(fused)) == sorted({pair[0] for pair in pairs} | {1, 60, 61})
    assert [hit.score for hit in fused] == sorted((hit.score for hit in fused), reverse=True)


def test_chosen_chunks_go_first_in_their_fused_order() -> None:
    fused = ranking((1, 1.8), (2, 1.0), (3, 0.4), (4, 0.0))
    first = put_first(fused, [ChunkId(4), ChunkId(3)])
    assert ids(first) == [3, 4, 1, 2]
    assert [hit.score for hit in first] == sorted((hit.score for hit in first), reverse=True)


def lift(scores: tuple[tuple[int, float], ...], near: dict[int, tuple[int, ...]]) -> dict[int, float]:
    """Return the scores after neighbours were lifted; `near` contains the neighbours of each hit."""
    neighbours = {ChunkId(hit): tuple(ChunkId(each) for each in ids) for hit, ids in near.items()}
    return {hit.chunk_id: hit.score for hit in lift_neighbours(ranking(*scores), neighbours, 0.3)}


def test_a_neighbour_outside_of_the_ranking_gets_a_share_of_the_score() -> None:
    assert lift(((2, 1.0),), {2: (1, 3)}) == {2: 1.0, 1: 0.3, 3: 0.3}


def test_neighbouring_hits_lift_each_other_by_their_own_scores() -> None:
    assert lift(((2, 1.0), (3, 0.5)), {2: (1, 3), 3: (2, 4)}) == {2: 1.15, 3: 0.8, 1: 0.3, 4: 0.15}


def test_a_chunk_between_two_hits_gains_from_the_better_one() -> None:
    assert lift(((1, 1.0), (3, 0.5)), {1: (2,), 3: (2,)}) == {1: 1.0, 3: 0.5, 2: 0.3}


def test_a_hit_without_neighbours_keeps_its_score() -> None:
    assert lift(((1, 1.0), (5, 0.5)), {}) == {1: 1.0, 5: 0.5}


def test_chosen_chunks_that_the_ranking_lacks_go_first() -> None:
    assert ids(put_first(ranking((1, 1.8), (2, 1.0)), [ChunkId(9)])) == [9, 1, 2]
    assert ids(put_first((), [ChunkId(9)])) == [9]
    assert ids(put_first(ranking((1, 1.8)), [])) == [1]


def test_pages_are_ranked_by_all_of_their_chunks_and_differ() -> None:
    pages = {ChunkId(1): "a", ChunkId(2): "b", ChunkId(3): "b", ChunkId(4): "b"}
    grouped = group_by_page(ranking((1, 1.0), (2, 0.9), (3, 0.8), (4, 0.7), (5, 0.65)), pages, 0.1, 0.9)
    assert ids(grouped) == [2, 1, 3, 5, 4], "the chunk 5 has no page"
    assert {hit.chunk_id: round(hit.score, 3) for hit in grouped} == {2: 1.05, 1: 1.0, 3: 0.72, 5: 0.65, 4: 0.567}
