"""The embeddings of one embedder in SQLite, read-only. Replicas are compared with them."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from persistence.vectors.worker.replicas import Embedding

PAGE = 500
_ROWS_PER_FETCH = 1000
_MAX_PARAMETERS = 30_000

_LIGHT = """FROM chunks JOIN documents ON documents.id = chunks.document_id
    WHERE documents.status <> 'DELETING' AND length(chunks.embedding) = ?"""
_DEEP = """FROM deep_embeddings JOIN chunks ON chunks.id = deep_embeddings.chunk_id
    JOIN documents ON documents.id = chunks.document_id
    WHERE documents.status <> 'DELETING' AND deep_embeddings.embedder_id = ? AND length(deep_embeddings.embedding) = ?"""
_SEARCHABLE = "documents.status IN ('EMBEDDING', 'READY')"


class SourceVectors:
    """Embedded chunks of documents that are not in DELETING. Vectors of another length belong to another embedder."""

    def __init__(self, path: Path, dimensions: int, embedder_id: int | None = None) -> None:
        """Open the database. `embedder_id` is the id of a deep embedder; None selects the light one."""
        self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        is_light = embedder_id is None
        self._embedded = _LIGHT if is_light else _DEEP
        self._id = (
            "chunks.id" if is_light else "deep_embeddings.chunk_id"
        )  # indexed, so that pages are read in its order
        self._vector = "chunks.embedding" if is_light else "deep_embeddings.embedding"
        self._values = (2 * dimensions,) if embedder_id is None else (embedder_id, 2 * dimensions)

    def all(self) -> Iterator[list[Embedding]]:
        """Return all embeddings, ordered by document."""
        cursor = self._database.execute(
            f"SELECT chunks.id, document_id, {self._vector} {self._embedded} ORDER BY document_id, chunks.id",
            self._values,
        )
        while rows := cursor.fetchmany(_ROWS_PER_FETCH):
            yield [Embedding(*row) for row in rows]

    def embeddings(self, chunk_ids: Iterable[int], *, searchable: bool = False) -> list[Embedding]:
        """Return the embeddings of these chunks; with `searchable`, only those of searchable documents."""
        condition = f"AND {_SEARCHABLE}" if searchable else ""
        return [
            Embedding(*row) for row in self._select(f"chunks.id, document_id, {self._vector}", chunk_ids, condition)
        ]

    def existing(self, chunk_ids: Iterable[int]) -> set[int]:
        """Return the ids that have an embedding."""
        return {row[0] for row in self._select("chunks.id", chunk_ids, "")}

    def searchable(self, chunk_ids: Iterable[int]) -> set[int]:
        """Return the ids that have an embedding and belong to a searchable document."""
        return {row[0] for row in self._select("chunks.id", chunk_ids, f"AND {_SEARCHABLE}")}

    def pages(self) -> Iterator[list[int]]:
        """Yield the ids of all embedded chunks in ascending order. Each page is read when it is requested."""
        last = -1
        while page := self._page_after(last):
            yield page
            last = page[-1]

    def _page_after(self, chunk_id: int) -> list[int]:
        rows = self._database.execute(
            f"SELECT {self._id} {self._embedded} AND {self._id} > ? ORDER BY {self._id} LIMIT {PAGE}",
            (*self._values, chunk_id),
        )
        return [row[0] for row in rows]

    def _select(self, columns: str, chunk_ids: Iterable[int], condition: str) -> Iterator[tuple[Any, ...]]:
        ids = tuple(chunk_ids)
        for first in range(0, len(ids), _MAX_PARAMETERS):
            batch = ids[first : first + _MAX_PARAMETERS]
            placeholders = ",".join("?" * len(batch))
            statement = f"SELECT {columns} {self._embedded} AND chunks.id IN ({placeholders}) {condition}"
            yield from self._database.execute(statement, (*self._values, *batch))
