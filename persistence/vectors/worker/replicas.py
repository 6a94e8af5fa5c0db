"""The interface of replicas: the matrix and Chroma are copies of the embeddings in SQLite, repaired by comparison."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol


class Embedding(NamedTuple):
    """The vector of a chunk."""

    chunk_id: int
    document_id: int
    vector: bytes
    "float16, little-endian."


class Replica(Protocol):
    """A copy of the embeddings in SQLite."""

    def missing(self, chunk_ids: Sequence[int]) -> list[int]:
        """Return the ids that the replica does not have."""
        ...

    def pages(self) -> Iterator[list[int]]:
        """Return all ids of the replica, some hundreds at a time."""
        ...

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        """Add or replace vectors."""
        ...

    def delete(self, chunk_ids: Iterable[int]) -> None:
        """Remove vectors. Unknown ids are ignored."""
        ...
