"""JobRegistry: each gets its turn, can be stopped and tried again, and goes on where an end cut it off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database.database import Database, open_database
from records.document import DocumentStatus
from records.errors import Conflict
from services.ingestion.embed_stage import BATCH
from services.ingestion.ingestion import SMALL_BYTES
from tests.services.ingestion.stages import open_workshop

READY, CANCELED, PARSING, EMBEDDING = (
    DocumentStatus.READY, DocumentStatus.CANCELED, DocumentStatus.PARSING, DocumentStatus.EMBEDDING,
)  # fmt: skip


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "graphlore.db") as database:
        yield database


def words(name: str, count: int) -> list[str]:
    return [f"{name} number {number}" for number in range(count)]


async def test_a_small_file_is_not_behind_a_large_one_that_is_being_parsed(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        workshop.large.gate.shut()
        large = await workshop.add("large.txt", words("large", 3), byte_size=SMALL_BYTES + 1)
        await workshop.large.gate.reached.wait()
        small = await workshop.add("small.txt", words("small", 3))
        assert (await workshop.until(small, READY)).chunk_count == 3
        assert await workshop.status(large) is PARSING
        workshop.large.gate.open.set()
        await workshop.until(large, READY)


async def test_a_document_that_comes_late_is_embedded_next(database: Database, tmp_path: Path) -> None:
    """However many wait before it, and however long they are."""
    async with open_workshop(database, tmp_path) as workshop:
        workshop.embedder.gate.shut()
        early = [await workshop.add(f"early-{number}.txt", words(f"early{number}", 3 * BATCH)) for number in range(3)]
        for document in early:
            await workshop.until(document, EMBEDDING)
        await workshop.embedder.gate.reached.wait()
        late = await workshop.add("late.txt", words("late", 1))
        await workshop.until(late, EMBEDDING)
        workshop.embedder.gate.open.set()
        await workshop.until(late, READY)
        for document in early:
            await workshop.until(document, READY)
        embedded = [text.split()[0] for text in workshop.embedder.documents]
        assert "late" in embedded[: 3 * BATCH + 1], "each of the others had one turn at most"


@pytest.mark.parametrize("stage", [PARSING, EMBEDDING])
async def test_a_job_is_canceled_at_every_stage_and_can_be_tried_again(
    database: Database, tmp_path: Path, stage: DocumentStatus
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        gate = workshop.small.gate if stage is PARSING else workshop.embedder.gate
        gate.shut()
        document = await workshop.add("report.txt", words("report", 3))
        await gate.reached.wait()
        assert await workshop.status(document) is stage
        canceled = await workshop.ingestion.cancel_ingestion(document.id)
        assert (canceled.status, canceled.chunk_count) == (CANCELED, 0)
        assert await workshop.shelf.found("report") == []
        with pytest.raises(Conflict):
            await workshop.ingestion.cancel_ingestion(document.id)
        gate.open.set()
        await workshop.ingestion.reprocess_document(document.id, None)
        assert (await workshop.until(document, READY)).chunk_count == 3
        assert len(await workshop.shelf.found("report")) == 3


async def test_of_those_who_stop_a_document_at_once_each_sees_what_the_one_before_left(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        workshop.embedder.gate.shut()
        document = await workshop.add("report.txt", words("report", 3))
        await workshop.embedder.gate.reached.wait()
        calls = (workshop.ingestion.cancel_ingestion(document.id) for _ in range(3))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Conflict", "DocumentRecord"]
        assert workshop.ingestion.ends[CANCELED] == 1
        calls = (workshop.ingestion.reprocess_document(document.id, None) for _ in range(2))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["Conflict", "DocumentRecord"]
        workshop.embedder.gate.open.set()
        assert (await workshop.until(document, READY)).chunk_count == 3


async def test_a_deleted_document_is_worked_on_no_more(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        workshop.embedder.gate.shut()
        document = await workshop.add("report.txt", words("report", 3))
        await workshop.embedder.gate.reached.wait()
        receipt = await workshop.ingestion.delete_document(document.id)
        assert (receipt.chunks, receipt.keyword_entries, receipt.originals) == (3, 3, 1)
        workshop.embedder.gate.open.set()
        other = await workshop.add("other.txt", words("other", 1))
        await workshop.until(other, READY)
        assert all("report" not in text for text in workshop.embedder.documents)
        assert await workshop.shelf.documents.find(document.id) is None


async def test_what_an_end_cut_off_goes_on_at_its_stage(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as before:
        before.embedder.gate.shut()
        document = await before.add("report.txt", words("report", 2 * BATCH))
        await before.embedder.gate.reached.wait()
    async with open_workshop(database, tmp_path) as after:
        assert (await after.until(document, READY)).embedded_chunks == 2 * BATCH
        assert after.small.read == [], "it was parsed before"
        assert len(after.embedder.documents) == 2 * BATCH
