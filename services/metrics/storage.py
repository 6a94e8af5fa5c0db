"""Storage usage for samples: numbers of records and bytes on disk."""

from pathlib import Path

import anyio

from records.system import StorageStatus
from services.interfaces.storage_totals import StorageTotals
from services.interfaces.vector_index import VectorIndex
from services.metrics.timeouts import call_with_timeout


class Storage:
    """Reads running totals. The cost of a reading does not depend on the number of documents."""

    def __init__(self, totals: StorageTotals, vectors: VectorIndex, *vector_folders: Path) -> None:
        """Create a reader. Each of `vector_folders` must have a fixed number of files for any number of vectors."""
        self._totals = totals
        self._vectors = vectors
        self._vector_folders = vector_folders

    async def read(self) -> tuple[StorageStatus, tuple[str, ...]]:
        """Return the storage usage and reasons for values that are not current.

        If the vector index does not respond, the number of vectors is estimated by the number of embedded chunks in the
        database. Both numbers are equal as soon as the index has applied the outbox.
        """
        totals = await self._totals.read()
        vectors, reason = await call_with_timeout(self._vectors.count(), totals.embedded_chunks)
        status = StorageStatus(
            documents=totals.documents,
            chunks=totals.chunks,
            vectors=vectors,
            sessions=totals.sessions,
            messages=totals.messages,
            database_bytes=totals.database_bytes,
            vector_store_bytes=await anyio.to_thread.run_sync(_total_bytes, self._vector_folders),
            originals_bytes=totals.originals_bytes,
        )
        return status, () if reason is None else (f"vectors: {reason}",)


def _total_bytes(folders: tuple[Path, ...]) -> int:
    return sum(folder_bytes(folder) for folder in folders)


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder and below it. Blocks. Files that are removed meanwhile are left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
