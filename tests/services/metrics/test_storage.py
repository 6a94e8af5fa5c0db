"""What is stored, and what is said where the index of vectors cannot be asked."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from records.system import StorageCounts, WorkerPurpose
from services.metrics.storage import Storage
from workers import WorkerCallFailed, WorkerCrashed, WorkerGivenUp

COUNTS = StorageCounts(documents=1, chunks=20, embedded_chunks=12, sessions=2, messages=4, database_bytes=4096)


class Stores:
    """The database, the originals and an index of vectors that answers as it is told to."""

    def __init__(self, counted: int | Exception | None) -> None:
        self._counted = counted

    async def storage_counts(self) -> StorageCounts:
        return COUNTS

    async def byte_size(self) -> int:
        return 512

    async def count(self) -> int:
        if isinstance(self._counted, Exception):
            raise self._counted
        if self._counted is None:
            await asyncio.Event().wait()
        return cast(int, self._counted)


def storage(folder: Path, counted: int | Exception | None) -> Storage:
    stores: Any = Stores(counted)
    return Storage(stores, stores, stores, folder)


async def test_everything_is_counted_by_who_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "segment").mkdir()
    (tmp_path / "segment" / "a.bin").write_bytes(bytes(100))
    (tmp_path / "b.bin").write_bytes(bytes(11))
    status, unavailable = await storage(tmp_path, 11).read()
    assert (status.documents, status.chunks, status.vectors, status.sessions, status.messages) == (1, 20, 11, 2, 4)
    assert (status.database_bytes, status.vector_store_bytes, status.originals_bytes) == (4096, 111, 512)
    assert unavailable == ()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (WorkerCrashed(WorkerPurpose.VECTORS, "was ended by SIGKILL", "a text"), "was ended by SIGKILL"),
        (WorkerGivenUp(WorkerPurpose.VECTORS, "ended"), "again in a minute"),
        (WorkerCallFailed("INTERNAL", "The worker met an unexpected KeyError.", "a text"), "unexpected KeyError"),
        (None, "its process does not answer at the moment"),
    ],
)
async def test_an_index_that_cannot_be_asked_is_named_and_the_databases_count_told(
    tmp_path: Path, failure: Exception | None, reason: str
) -> None:
    status, (told,) = await storage(tmp_path, failure).read()
    assert status.vectors == COUNTS.embedded_chunks
    assert told.startswith("vectors: ")
    assert reason in told
    assert "a text" not in told
