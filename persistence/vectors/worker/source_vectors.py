"""SQLite's embeddings by one embedder, read-only: what every copy is held against."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from persistence.vectors.worker.replicas import Embedding

PAGE = 500
_ROWS_AT_ONCE = 1000
_MOST_VARIABLES = 30_000

_LIGHT = """FROM chunks JOIN documents ON documents.id = chunks.document_id
    WHERE documents.status <> 'DELETING' AND length(chunks.embedding) = ?"""
_DEEP = """FROM deep_embeddings JOIN chunks ON chunks.id = deep_embeddings.chunk_id
    JOIN documents ON documents.id = chunks.document_id
    WHERE documents.status <> 'DELETING' AND deep_embeddings.embedder_id = ? AND length(deep_embeddings.embedding) = ?"""
_SEARCHABLE = "documents.status IN ('EMBEDDING', 'READY')"


class Truth:
    """Embedded chunks whose document is not being deleted. Embeddings of another length are another model's."""

    def __init__(self, path: Path, dimensions: int, embedder_id: int | None = None) -> None:
        """`embedder_id` is a deep embedder's; None stands for the light one."""
        self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        is_light = embedder_id is None
        self._embedded = _LIGHT if is_light else _DEEP
        self._id = "chunks.id" if is_light else "deep_embeddings.chunk_id"  # by which the pages are in an index
        self._vector = "chunks.embedding" if is_light else "deep_embeddings.embedding"
        self._values = (2 * dimensions,) if embedder_id is None else (embedder_id, 2 * dimensions)

    def all(self) -> Iterator[list[Embedding]]:
        """Every embedding, those of one document side by side."""
        cursor = self._database.execute(
            f"SELECT chunks.id, document_id, {self._vector} {self._embedded} ORDER BY document_id, chunks.id",
            self._values,
        )
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield [Embedding(*row) for row in rows]

    def embeddings(self, chunk_ids: Iterable[int], *, searchable: bool = False) -> list[Embedding]:
        """Those of these chunks that have one; `searchable`: that a search may find."""
        condition = f"AND {_SEARCHABLE}" if searchable else ""
        return [
            Embedding(*row) for row in self._select(f"chunks.id, document_id, {self._vector}", chunk_ids, condition)
        ]

    def existing(self, chunk_ids: Iterable[int]) -> set[int]:
        return {row[0] for row in self._select("chunks.id", chunk_ids, "")}

    def searchable(self, chunk_ids: Iterable[int]) -> set[int]:
        return {row[0] for row in self._select("chunks.id", chunk_ids, f"AND {_SEARCHABLE}")}

    def pages(self) -> Iterator[list[int]]:
        """All ids in order; each page is read when it is asked for."""
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
        for first in range(0, len(ids), _MOST_VARIABLES):
            batch = ids[first : first + _MOST_VARIABLES]
            marks = ",".join("?" * len(batch))
            statement = f"SELECT {columns} {self._embedded} AND chunks.id IN ({marks}) {condition}"
            yield from self._database.execute(statement, (*self._values, *batch))
