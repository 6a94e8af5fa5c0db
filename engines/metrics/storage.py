"""What is stored, counted by the stores themselves."""

import asyncio
from pathlib import Path

import structlog

from engines.stores import DocumentStore, Originals, VectorIndex
from records.errors import ExpectedError
from records.system import StorageStatus

log = structlog.get_logger("graphlore.storage")


class Storage:
    def __init__(
        self, documents: DocumentStore, vectors: VectorIndex, originals: Originals, vector_folder: Path
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._originals = originals
        self._vector_folder = vector_folder

    async def read(self) -> StorageStatus:
        counts = await self._documents.storage_counts()
        return StorageStatus(
            documents=counts.documents,
            chunks=counts.chunks,
            vectors=await self._count_vectors(counts.embedded_chunks),
            sessions=counts.sessions,
            messages=counts.messages,
            database_bytes=counts.database_bytes,
            vector_store_bytes=await asyncio.to_thread(folder_bytes, self._vector_folder),
            originals_bytes=await self._originals.byte_size(),
        )

    async def _count_vectors(self, in_database: int) -> int:
        """SQLite's own count, which the index follows, where the index cannot be asked at the moment."""
        try:
            return await self._vectors.count()
        except ExpectedError as failure:
            log.warning("vectors not counted", code=failure.code.value)
            return in_database


def folder_bytes(folder: Path) -> int:
    """Runs in a thread. A file that goes away meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
