from records.ids import ChunkId
from services.retrieval.neighbours import lift_neighbours
from tests.services.retrieval.test_fusion import ranking


def lifted(scores: tuple[tuple[int, float], ...], near: dict[int, tuple[int, ...]]) -> dict[int, float]:
    neighbours = {ChunkId(hit): tuple(ChunkId(each) for each in ids) for hit, ids in near.items()}
    return {hit.chunk_id: hit.score for hit in lift_neighbours(ranking(*scores), neighbours)}


def test_a_neighbour_that_was_not_found_itself_gets_a_share_of_the_hits_score() -> None:
    assert lifted(((2, 1.0),), {2: (1, 3)}) == {2: 1.0, 1: 0.3, 3: 0.3}


def test_hits_side_by_side_lift_each_other_by_what_they_had_before() -> None:
    assert lifted(((2, 1.0), (3, 0.5)), {2: (1, 3), 3: (2, 4)}) == {2: 1.15, 3: 0.8, 1: 0.3, 4: 0.15}


def test_between_two_hits_the_better_one_lifts() -> None:
    assert lifted(((1, 1.0), (3, 0.5)), {1: (2,), 3: (2,)}) == {1: 1.0, 3: 0.5, 2: 0.3}


def test_what_has_no_neighbours_keeps_its_score() -> None:
    assert lifted(((1, 1.0), (5, 0.5)), {}) == {1: 1.0, 5: 0.5}
