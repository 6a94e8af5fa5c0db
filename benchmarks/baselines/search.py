"""One FTS5 query and one matrix product over Graphlore's database. Argument: the database file."""

import re
import sqlite3
import sys
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.baselines.json_lines import serve

_LIMIT = 100


class BareSearch:
    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        tables = self._database.execute(
            "SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%' AND name LIKE '%chunk%'"
        )
        self._table = tables.fetchone()[0]
        rows = self._database.execute("SELECT embedding FROM chunks WHERE embedding IS NOT NULL").fetchall()
        self._vectors = np.stack([np.frombuffer(row[0], "<f2").astype(np.float32) for row in rows])

    def run(self, query: str, vector: list[float]) -> dict[str, Any]:
        """Return the seconds of the keyword query, which joins the quoted words by OR, and of the vector search."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))
        began = perf_counter()
        self._database.execute(
            f"SELECT rowid, bm25({self._table}) FROM {self._table} WHERE {self._table} MATCH ? "
            f"ORDER BY bm25({self._table}) LIMIT {_LIMIT}",
            (words,),
        ).fetchall()
        keyword_done = perf_counter()
        scores = self._vectors @ np.asarray(vector, np.float32)
        best = np.argpartition(scores, max(0, len(scores) - _LIMIT))[-_LIMIT:]
        best[np.argsort(-scores[best])]
        return {"keyword": keyword_done - began, "dense": perf_counter() - keyword_done}


if __name__ == "__main__":
    serve(BareSearch(sys.argv[1]).run)
