"""The exact matrix compared with brute force, after additions, deletions, reused ids and compaction."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from persistence.vectors.worker.matrix import Matrix
from persistence.vectors.worker.replicas import Embedding

DIMENSIONS = 8


def vector(seed: int) -> npt.NDArray[np.float32]:
    made = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


def embedding(chunk_id: int, document_id: int, seed: int | None = None) -> Embedding:
    return Embedding(chunk_id, document_id, vector(chunk_id if seed is None else seed).astype("<f2").tobytes())


def brute_force(
    rows: Sequence[Embedding], query: npt.NDArray[np.float32], limit: int, document_ids: set[int] | None
) -> dict[int, float]:
    scores: dict[int, float] = {}
    for row in rows:
        if document_ids is None or row.document_id in document_ids:
            stored = np.frombuffer(row.vector, "<f2").astype(np.float64)
            scores[row.chunk_id] = float(stored @ query / np.linalg.norm(stored))
    best = sorted(scores, key=lambda chunk_id: -scores[chunk_id])[:limit]
    return {chunk_id: scores[chunk_id] for chunk_id in best}


def assert_exact(matrix: Matrix, rows: Sequence[Embedding], document_ids: set[int] | None, limit: int = 10) -> None:
    query = vector(-1 & 0xFFFF)
    found = matrix.search(query.tobytes(), limit, document_ids)
    expected = brute_force(rows, query, limit, document_ids)
    assert [chunk_id for chunk_id, _ in found] == list(expected)
    np.testing.assert_allclose([score for _, score in found], list(expected.values()), atol=1e-5)


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "compact"]), st.integers(1, 40), st.integers(1, 5)), max_size=80
)


@given(CHANGES, st.one_of(st.none(), st.sets(st.integers(1, 6))))
@settings(deadline=None)
def test_search_is_exact_after_any_changes_and_with_any_filter(
    changes: list[tuple[str, int, int]], document_ids: set[int] | None
) -> None:
    matrix = Matrix(DIMENSIONS)
    rows: dict[int, Embedding] = {}
    for step, (change, chunk_id, document_id) in enumerate(changes):
        if change == "add":
            rows[chunk_id] = embedding(chunk_id, document_id, 1000 + step)
            matrix.upsert([rows[chunk_id]])
        elif change == "remove":
            rows.pop(chunk_id, None)
            matrix.delete([chunk_id])
        else:
            matrix.compact()
    assert_exact(matrix, list(rows.values()), document_ids)
    assert len(matrix) == len(rows)
    for document_id in range(1, 7):
        assert matrix.count(document_id) == sum(row.document_id == document_id for row in rows.values())
    assert sorted(chunk_id for page in matrix.pages() for chunk_id in page) == sorted(rows)


def test_many_documents_with_few_rows_each_are_filtered_exactly() -> None:
    rows = [embedding(chunk_id, chunk_id // 3) for chunk_id in range(3000)]
    matrix = Matrix(DIMENSIONS)
    matrix.upsert(rows)
    for document_ids in ({5}, set(range(0, 1000, 2)), set(range(0, 1000, 90)), set(range(1000)), {99999}, set[int]()):
        assert_exact(matrix, rows, document_ids)


def test_many_tombstones_need_compaction_which_changes_no_result() -> None:
    rows = [embedding(chunk_id, chunk_id % 7) for chunk_id in range(4000)]
    matrix = Matrix(DIMENSIONS)
    matrix.upsert(rows)
    assert matrix.needs_compaction, "every row of a document is a span of its own"
    matrix.compact()
    assert not matrix.needs_compaction
    matrix.delete(range(0, 4000, 2))
    assert matrix.needs_compaction
    matrix.compact()
    assert not matrix.needs_compaction
    assert_exact(matrix, rows[1::2], None)
    assert_exact(matrix, rows[1::2], {3})


def test_zero_and_not_a_number_vectors_score_zero() -> None:
    broken = Embedding(1, 1, np.full(DIMENSIONS, np.nan, "<f2").tobytes())
    zero = Embedding(2, 1, bytes(2 * DIMENSIONS))
    good = embedding(3, 1)
    matrix = Matrix(DIMENSIONS)
    matrix.upsert([broken, zero, good])
    found = matrix.search(vector(3).tobytes(), 3, None)
    assert found[0][0] == 3
    assert [score for _, score in found[1:]] == [0.0, 0.0]


def test_an_empty_matrix_returns_no_hits() -> None:
    matrix = Matrix(DIMENSIONS)
    assert matrix.search(vector(1).tobytes(), 5, None) == []
    assert matrix.search(vector(1).tobytes(), 5, {1}) == []
