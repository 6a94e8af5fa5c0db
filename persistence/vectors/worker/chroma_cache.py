"""Chroma as a cache that may fail: a corrupt directory is renamed, and searches do without Chroma while it cannot be used.

A corrupt index may end the process with a signal instead of an error. Each start is therefore counted in a file. The count
is reset when a comparison of the cache with SQLite has been completed. If two starts were not followed by a complete
comparison, the third one renames the directory.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from persistence.vectors.worker.chroma_collection import ChromaCollection, ChromaError
from persistence.vectors.worker.replicas import Embedding

Result = TypeVar("Result")

MAX_UNFINISHED_STARTS = 2
"""Number of starts without a complete comparison with SQLite after which the directory is considered corrupt."""


class ChromaCache:
    """The collection of one embedder, if it can be used. `is_complete` is True while it has the same vectors as SQLite."""

    def __init__(self, directory: Path, embedder: str, dimensions: int) -> None:
        self._directory = directory
        self._starts = directory.with_name(f"{directory.name}.starts")
        self._embedder = embedder
        self._dimensions = dimensions
        self._chroma: ChromaCollection | None = None
        self.is_complete = False
        self.failure: str | None = None
        self.moved_aside: Path | None = None
        "New path of a corrupt directory that was renamed; None if there is none to report."

    def open(self) -> ChromaCollection | None:
        """Return the collection, opened if necessary; None if that fails, with the reason in `failure`."""
        if self._chroma is not None and not self._chroma.exists:
            self._disable("The directory was deleted.")
        if self._chroma is None:
            self._open()
        return self._chroma

    def set_complete(self) -> None:
        """Mark the cache as complete. Call it when a comparison with SQLite has ended and all differences are repaired."""
        self.is_complete = True
        self.failure = None
        self._starts.unlink(missing_ok=True)
        self._try(ChromaCollection.drop_others)

    def disable(self, failure: ChromaError) -> None:
        """Record a failure of Chroma, which is not used again until `open` is called."""
        self._disable(str(failure))

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        self._try(lambda chroma: chroma.upsert(embeddings))

    def delete(self, chunk_ids: Iterable[int]) -> None:
        self._try(lambda chroma: chroma.delete(chunk_ids))

    def nearest(self, vector: bytes, count: int) -> list[int] | None:
        """Return about the `count` nearest ids, or None while the cache is not complete."""
        return self._try(lambda chroma: chroma.nearest(vector, count)) if self.is_complete else None

    def _try(self, action: Callable[[ChromaCollection], Result]) -> Result | None:
        """Return the result of an action, or None without Chroma. A failure disables the cache until it is opened again."""
        if self._chroma is None:
            return None
        try:
            return action(self._chroma)
        except ChromaError as failure:
            self.disable(failure)
            return None

    def _disable(self, reason: str) -> None:
        print(f"chroma disabled: {reason}", file=sys.stderr)  # noqa: T201  # crash reports contain it
        chroma, self._chroma = self._chroma, None
        self.is_complete, self.failure = False, reason
        if chroma is not None:
            try:
                chroma.close()
            except ChromaError as failure:
                print(f"chroma not closed: {failure}", file=sys.stderr)  # noqa: T201

    def _open(self) -> None:
        if self._count_start() > MAX_UNFINISHED_STARTS:
            self._move_aside()
        try:
            self._chroma = self._open_collection()
        except ChromaError as failure:
            self._disable(str(failure))
            self._move_aside()
            try:
                self._chroma = self._open_collection()
            except ChromaError as second_failure:
                self._disable(str(second_failure))

    def _open_collection(self) -> ChromaCollection:
        return ChromaCollection(self._directory, self._embedder, self._dimensions)

    def _count_start(self) -> int:
        """Count this start and return the number of starts since the cache was last complete; 0 if it cannot be counted."""
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            with self._starts.open("a") as starts:
                starts.write("x")
            return self._starts.stat().st_size
        except OSError as failure:
            print(f"start not counted: {failure}", file=sys.stderr)  # noqa: T201
            return 0

    def _move_aside(self) -> None:
        """Rename the directory. Only the newest corrupt directory is kept, for a report of the problem."""
        if not self._directory.exists():
            return
        for older in self._directory.parent.glob(f"{self._directory.name}.corrupt-*"):
            shutil.rmtree(older, ignore_errors=True)
        aside = self._directory.with_name(f"{self._directory.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        try:
            self._directory.rename(aside)
        except OSError as failure:
            print(f"corrupt directory not renamed: {failure}", file=sys.stderr)  # noqa: T201
            return
        self._starts.unlink(missing_ok=True)
        self.moved_aside = aside
