"""Chroma as a cache that may fail: opened, moved aside where it is corrupt, left out while it cannot be used.

A corrupt index may end the process by a signal instead of an error. So each start leaves a mark until the cache was seen to
agree with SQLite, and where two marks were left in a row the directory is moved aside.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from persistence.vectors.worker.chroma_collection import Chroma, ChromaBroken
from persistence.vectors.worker.replicas import Embedding

Result = TypeVar("Result")

_MOST_MARKS = 2


class Cache:
    """`is_complete` says whether searches may be answered from it; whoever compared it with SQLite sets that."""

    def __init__(self, directory: Path, embedder: str, dimensions: int) -> None:
        self._directory = directory
        self._marks = directory.with_name(f"{directory.name}.starts")
        self._embedder = embedder
        self._dimensions = dimensions
        self._chroma: Chroma | None = None
        self.is_complete = False
        self.failure: str | None = None
        self.moved_aside: Path | None = None
        "Where the last corrupt directory went."

    def open(self) -> Chroma | None:
        """Open it if need be; None where that fails, with the reason in `failure`."""
        if self._chroma is not None and not self._chroma.is_there:
            self._turn_off("The directory was deleted.")
        if self._chroma is None:
            self._open()
        return self._chroma

    def settled(self) -> None:
        """It agrees with SQLite."""
        self.is_complete = True
        self.failure = None
        self._marks.unlink(missing_ok=True)
        self._try(Chroma.drop_others)

    def broke(self, failure: ChromaBroken) -> None:
        self._turn_off(str(failure))

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        self._try(lambda chroma: chroma.upsert(embeddings))

    def delete(self, chunk_ids: Iterable[int]) -> None:
        self._try(lambda chroma: chroma.delete(chunk_ids))

    def nearest(self, vector: bytes, count: int) -> list[int] | None:
        """None while it is not complete."""
        return self._try(lambda chroma: chroma.nearest(vector, count)) if self.is_complete else None

    def _try(self, action: Callable[[Chroma], Result]) -> Result | None:
        """What fails leaves the cache off until it is opened again."""
        if self._chroma is None:
            return None
        try:
            return action(self._chroma)
        except ChromaBroken as failure:
            self.broke(failure)
            return None

    def _turn_off(self, reason: str) -> None:
        print(f"Chroma is left out: {reason}", file=sys.stderr)  # noqa: T201  # the ring of crash reports reads it
        chroma, self._chroma = self._chroma, None
        self.is_complete, self.failure = False, reason
        if chroma is not None:
            try:
                chroma.close()
            except ChromaBroken as failure:
                print(f"Chroma did not close: {failure}", file=sys.stderr)  # noqa: T201

    def _open(self) -> None:
        if self._mark() > _MOST_MARKS:
            self._move_aside()
        try:
            self._chroma = self._chroma_here()
        except ChromaBroken as failure:
            self._turn_off(str(failure))
            self._move_aside()
            try:
                self._chroma = self._chroma_here()
            except ChromaBroken as again:
                self._turn_off(str(again))

    def _chroma_here(self) -> Chroma:
        return Chroma(self._directory, self._embedder, self._dimensions)

    def _mark(self) -> int:
        """Count this start, and give how many there were since the cache was last in order."""
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            with self._marks.open("a") as marks:
                marks.write("x")
            return self._marks.stat().st_size
        except OSError as failure:
            print(f"The start was not marked: {failure}", file=sys.stderr)  # noqa: T201
            return 0

    def _move_aside(self) -> None:
        """Keep the newest corrupt directory alone: it is of use for a report, and nothing else."""
        if not self._directory.exists():
            return
        for older in self._directory.parent.glob(f"{self._directory.name}.corrupt-*"):
            shutil.rmtree(older, ignore_errors=True)
        aside = self._directory.with_name(f"{self._directory.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        try:
            self._directory.rename(aside)
        except OSError as failure:
            print(f"The corrupt directory stays: {failure}", file=sys.stderr)  # noqa: T201
            return
        self._marks.unlink(missing_ok=True)
        self.moved_aside = aside
