"""Storage usage is read from running totals; a vector index that does not respond is reported."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from records.system import StorageCounts, WorkerPurpose
from services.metrics.storage import Storage
from workers import WorkerCallFailed, WorkerCrashed, WorkerGivenUp

TOTALS = StorageCounts(
    documents=1, chunks=20, embedded_chunks=12, sessions=2, messages=4, database_bytes=4096, originals_bytes=512
)


class FakeTotals:
    def __init__(self) -> None:
        self.reads = 0

    async def read(self) -> StorageCounts:
        self.reads += 1
        return TOTALS


class FakeVectorIndex:
    """An index whose `count` returns `counted`, raises it if it is an exception, or never returns if it is None."""

    def __init__(self, counted: int | Exception | None) -> None:
        self._counted = counted

    async def count(self) -> int:
        if isinstance(self._counted, Exception):
            raise self._counted
        if self._counted is None:
            await anyio.sleep_forever()
            raise AssertionError("sleeping never ends")
        return self._counted


def make_storage(folder: Path, counted: int | Exception | None) -> Storage:
    index: Any = FakeVectorIndex(counted)
    return Storage(FakeTotals(), index, folder)


async def test_totals_are_combined_with_the_vector_index_and_its_files(tmp_path: Path) -> None:
    (tmp_path / "segment").mkdir()
    (tmp_path / "segment" / "a.bin").write_bytes(bytes(100))
    (tmp_path / "b.bin").write_bytes(bytes(11))
    status, unavailable = await make_storage(tmp_path, 11).read()
    assert (status.documents, status.chunks, status.vectors, status.sessions, status.messages) == (1, 20, 11, 2, 4)
    assert (status.database_bytes, status.vector_store_bytes, status.originals_bytes) == (4096, 111, 512)
    assert unavailable == ()


async def test_a_reading_reads_the_totals_once() -> None:
    totals, index = FakeTotals(), FakeVectorIndex(11)
    await Storage(totals, index).read()  # type: ignore[arg-type]
    assert totals.reads == 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (WorkerCrashed(WorkerPurpose.VECTORS, "was ended by SIGKILL", "a text"), "was ended by SIGKILL"),
        (WorkerGivenUp(WorkerPurpose.VECTORS, "ended"), "again in a minute"),
        (WorkerCallFailed("INTERNAL", "The worker met an unexpected KeyError.", "a text"), "unexpected KeyError"),
        (None, "the process did not respond within 1 s"),
    ],
)
async def test_a_failing_vector_index_is_reported_and_replaced_by_the_count_of_the_database(
    tmp_path: Path, failure: Exception | None, reason: str
) -> None:
    status, (shown,) = await make_storage(tmp_path, failure).read()
    assert status.vectors == TOTALS.embedded_chunks
    assert shown.startswith("vectors: ")
    assert reason in shown
    assert "a text" not in shown
