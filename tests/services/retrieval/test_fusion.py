"""Fusion of rankings: what the two legs agree on goes first."""

from hypothesis import given
from hypothesis import strategies as st

from records.ids import ChunkId
from records.retrieval import ScoredChunk
from services.retrieval.fusion import fuse, put_first


def ranking(*scores: tuple[int, float]) -> tuple[ScoredChunk, ...]:
    return tuple(ScoredChunk(ChunkId(chunk_id), score) for chunk_id, score in scores)


def ids(fused: tuple[ScoredChunk, ...]) -> list[int]:
    return [hit.chunk_id for hit in fused]


def test_a_chunk_that_both_legs_find_goes_before_the_best_of_either() -> None:
    words = ranking((1, 10.0), (2, 9.0), (3, 1.0))
    meaning = ranking((4, 0.9), (2, 0.85), (5, 0.1))
    assert ids(fuse([(words, 1.0), (meaning, 1.0)]))[0] == 2


def test_scores_are_stretched_so_that_no_leg_outweighs_the_other_by_its_scale() -> None:
    words = ranking((1, 1000.0), (2, 500.0), (3, 0.0))
    meaning = ranking((3, 0.9), (2, 0.5), (1, 0.1))
    fused = {hit.chunk_id: hit.score for hit in fuse([(words, 1.0), (meaning, 1.0)])}
    assert fused == {ChunkId(1): 1.0, ChunkId(2): 1.0, ChunkId(3): 1.0}


def test_a_leg_with_fewer_than_three_hits_is_fused_by_ranks() -> None:
    words = ranking((7, 3.0))
    meaning = ranking((1, 0.9), (2, 0.8), (7, 0.7), (4, 0.6))
    fused = fuse([(words, 1.0), (meaning, 1.0)])
    assert ids(fused)[0] == 7
    assert fused[0].score == 1 / 11 + 1 / 13


def test_a_leg_without_hits_changes_nothing() -> None:
    meaning = ranking((1, 0.9), (2, 0.8), (3, 0.7))
    assert ids(fuse([((), 1.0), (meaning, 1.0)])) == [1, 2, 3]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-5, 50)), max_size=20, unique_by=lambda pair: pair[0]))
def test_every_chunk_of_a_leg_comes_out_once_and_best_first(pairs: list[tuple[int, float]]) -> None:
    best_first = sorted(pairs, key=lambda pair: -pair[1])
    fused = fuse([(ranking(*best_first), 1.0), (ranking((1, 0.5), (60, 0.4), (61, 0.3)), 0.5)])
    assert sorted(ids(fused)) == sorted({pair[0] for pair in pairs} | {1, 60, 61})
    assert [hit.score for hit in fused] == sorted((hit.score for hit in fused), reverse=True)


def test_the_chosen_ones_go_first_in_their_order() -> None:
    fused = ranking((1, 1.8), (2, 1.0), (3, 0.4), (4, 0.0))
    first = put_first(fused, ranking((4, 7.0), (3, 5.0)))
    assert ids(first) == [3, 4, 1, 2]
    assert [hit.score for hit in first] == sorted((hit.score for hit in first), reverse=True)
