"""A small database with the tables that the vectors worker reads."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

DIMENSIONS = 16


@dataclass(frozen=True)
class Entry:
    id: int
    chunk_id: int


class SourceDatabase:
    """Documents, chunks with vectors, and the outbox. Every change is committed before the method returns."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "graphlore.db"
        self._random = np.random.default_rng(7)
        self._database = sqlite3.connect(self.path, isolation_level=None)
        self._database.executescript("""
            PRAGMA journal_mode = WAL;
            CREATE TABLE documents (id INTEGER PRIMARY KEY, status TEXT NOT NULL);
            CREATE TABLE chunks (id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL, embedding BLOB);
            CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, chunk_id INTEGER NOT NULL);
        """)

    def close(self) -> None:
        self._database.close()

    def add(self, document_id: int, chunks: int, *, queue: bool = True) -> list[int]:
        """Add chunks to a READY document, which is created if needed, and return their ids."""
        first = self._database.execute("SELECT coalesce(max(id), 0) + 1 FROM chunks").fetchone()[0]
        rows = [(first + n, document_id, self.vector().astype("<f2").tobytes()) for n in range(chunks)]
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT OR IGNORE INTO documents VALUES (?, 'READY')", (document_id,))
        self._database.executemany("INSERT INTO chunks VALUES (?, ?, ?)", rows)
        if queue:
            self._database.executemany("INSERT INTO outbox (chunk_id) VALUES (?)", [row[:1] for row in rows])
        self._database.execute("COMMIT")
        return [row[0] for row in rows]

    def hide(self, document_id: int) -> None:
        self._database.execute("UPDATE documents SET status = 'DELETING' WHERE id = ?", (document_id,))

    def erase(self, document_id: int, *, queue: bool = True) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        if queue:
            self._database.execute(
                "INSERT INTO outbox (chunk_id) SELECT id FROM chunks WHERE document_id = ?", (document_id,)
            )
        self._database.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
        self._database.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        self._database.execute("COMMIT")

    def vector(self) -> npt.NDArray[np.float32]:
        """Return a random unit vector."""
        vector = self._random.standard_normal(DIMENSIONS).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def embedded(self) -> set[int]:
        rows = self._database.execute(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = document_id AND status = 'READY'"
        )
        return {row[0] for row in rows}

    def nearest(self, query: npt.NDArray[np.float32], limit: int, document_ids: Sequence[int] | None) -> list[int]:
        """Return the nearest chunks, computed by brute force in float64."""
        rows = self._database.execute(
            "SELECT c.id, document_id, embedding FROM chunks c JOIN documents d ON d.id = document_id AND status = 'READY'"
        )
        scores = {}
        for chunk_id, document_id, blob in rows:
            if document_ids is None or document_id in document_ids:
                stored = np.frombuffer(blob, "<f2").astype(np.float64)
                scores[chunk_id] = float(stored @ query / np.linalg.norm(stored))
        return sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:limit]

    async def read(self, limit: int) -> list[Entry]:
        rows = self._database.execute("SELECT id, chunk_id FROM outbox ORDER BY id LIMIT ?", (limit,))
        return [Entry(*row) for row in rows]

    async def done(self, ids: Sequence[int]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("DELETE FROM outbox WHERE id = ?", [(entry,) for entry in ids])
        self._database.execute("COMMIT")
