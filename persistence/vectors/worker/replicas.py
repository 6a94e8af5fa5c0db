"""What the matrix and Chroma have in common: both are copies of SQLite's embeddings, held equal by comparison."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol


class Embedding(NamedTuple):
    chunk_id: int
    document_id: int
    vector: bytes
    "float16, little-endian."


class Copy(Protocol):
    def missing(self, chunk_ids: Sequence[int]) -> list[int]:
        """Those of these that the copy lacks."""
        ...

    def pages(self) -> Iterator[list[int]]:
        """All ids of the copy, some hundreds at a time."""
        ...

    def upsert(self, embeddings: Sequence[Embedding]) -> None: ...
    def delete(self, chunk_ids: Iterable[int]) -> None:
        """Ids that are not there are passed over."""
        ...
