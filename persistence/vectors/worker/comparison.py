"""Comparison of a copy with SQLite, and its repair, in steps so small that searches go in between."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from persistence.vectors.protocol import BATCH
from persistence.vectors.worker.replicas import Copy
from persistence.vectors.worker.source_vectors import Truth


@dataclass(frozen=True, slots=True)
class Difference:
    added: int
    removed: int

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(self.added + other.added, self.removed + other.removed)


def compare(truth: Truth, copy: Copy) -> Generator[None, None, Difference]:
    """Yields after each step; changes that arrive meanwhile by the outbox do no harm."""
    added = yield from _add_missing(truth, copy)
    removed = yield from _remove_strange(truth, copy)
    return Difference(added, removed)


def _add_missing(truth: Truth, copy: Copy) -> Generator[None, None, int]:
    added = 0
    for page in truth.pages():
        yield
        for batch in _batches(copy.missing(page)):
            embeddings = truth.embeddings(batch)
            copy.upsert(embeddings)
            added += len(embeddings)
            yield
    return added


def _remove_strange(truth: Truth, copy: Copy) -> Generator[None, None, int]:
    """Gather first, delete then: a copy's pages may shift when something is deleted."""
    suspects: list[int] = []
    for page in copy.pages():
        existing = truth.existing(page)
        suspects += [chunk_id for chunk_id in page if chunk_id not in existing]
        yield
    removed = 0
    for batch in _batches(suspects):
        existing = truth.existing(batch)
        strange = [chunk_id for chunk_id in batch if chunk_id not in existing]
        copy.delete(strange)
        removed += len(strange)
        yield
    return removed


def _batches(chunk_ids: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(chunk_ids), BATCH):
        yield chunk_ids[first : first + BATCH]
