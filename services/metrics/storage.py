"""What is stored, counted by the stores themselves."""

import asyncio
from pathlib import Path

from records.system import StorageStatus
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals
from services.interfaces.vector_index import VectorIndex
from services.metrics.timeouts import ask


class Storage:
    def __init__(
        self, documents: DocumentStore, vectors: VectorIndex, originals: Originals, *vector_folders: Path
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._originals = originals
        self._vector_folders = vector_folders

    async def read(self) -> tuple[StorageStatus, tuple[str, ...]]:
        """What is stored, and what could not be counted.

        Vectors are SQLite's own count, which the index follows, where the index cannot be asked at the moment.
        """
        counts = await self._documents.storage_counts()
        vectors, reason = await ask(self._vectors.count(), counts.embedded_chunks)
        status = StorageStatus(
            documents=counts.documents,
            chunks=counts.chunks,
            vectors=vectors,
            sessions=counts.sessions,
            messages=counts.messages,
            database_bytes=counts.database_bytes,
            vector_store_bytes=await asyncio.to_thread(lambda: sum(map(folder_bytes, self._vector_folders))),
            originals_bytes=await self._originals.byte_size(),
        )
        return status, () if reason is None else (f"vectors: {reason}",)


def folder_bytes(folder: Path) -> int:
    """Runs in a thread. A file that goes away meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
