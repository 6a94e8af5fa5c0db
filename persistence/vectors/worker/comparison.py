"""Comparison of a replica with SQLite and its repair, in small steps between which the process answers searches."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from persistence.vectors.protocol import BATCH
from persistence.vectors.worker.replicas import Replica
from persistence.vectors.worker.source_vectors import SourceVectors


@dataclass(frozen=True, slots=True)
class Difference:
    """Numbers of vectors that were added to a replica and removed from it."""

    added: int
    removed: int


def compare(source: SourceVectors, replica: Replica) -> Generator[None, None, Difference]:
    """Compare a replica with SQLite and repair it. Return the number of repaired vectors.

    Yields after each step. The caller may apply changes to the replica between the steps.
    """
    added = yield from _add_missing(source, replica)
    removed = yield from _remove_unknown(source, replica)
    return Difference(added, removed)


def _add_missing(source: SourceVectors, replica: Replica) -> Generator[None, None, int]:
    added = 0
    for page in source.pages():
        yield
        for batch in _batches(replica.missing(page)):
            embeddings = source.embeddings(batch)
            replica.upsert(embeddings)
            added += len(embeddings)
            yield
    return added


def _remove_unknown(source: SourceVectors, replica: Replica) -> Generator[None, None, int]:
    """Delete the ids from the replica that SQLite does not have; yield after each step and return their number.

    The ids are collected first and deleted afterwards, because deletions may shift the pages of the replica.
    """
    suspects: list[int] = []
    for page in replica.pages():
        existing = source.existing(page)
        suspects += [chunk_id for chunk_id in page if chunk_id not in existing]
        yield
    removed = 0
    for batch in _batches(suspects):
        existing = source.existing(batch)
        unknown = [chunk_id for chunk_id in batch if chunk_id not in existing]
        replica.delete(unknown)
        removed += len(unknown)
        yield
    return removed


def _batches(chunk_ids: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(chunk_ids), BATCH):
        yield chunk_ids[first : first + BATCH]
