"""Jobs of ingestion: served in turns, canceled, repeated, and continued after a restart."""

import asyncio
from pathlib import Path

import pytest

from persistence.database.database import Database
from records.document import DocumentStatus
from records.errors import Conflict, NotFound
from services.ingestion.embed_stage import BATCH
from services.ingestion.ingestion import MAX_SMALL_BYTES
from tests.access import LOCAL
from tests.services.ingestion.harness import open_harness

READY, CANCELED, PARSING, EMBEDDING = (
    DocumentStatus.READY, DocumentStatus.CANCELED, DocumentStatus.PARSING, DocumentStatus.EMBEDDING,
)  # fmt: skip


def lines(word: str, count: int) -> list[str]:
    return [f"{word} number {number}" for number in range(count)]


async def test_a_small_file_does_not_wait_for_a_large_one_that_is_parsed(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        harness.large.gate.close()
        large = await harness.add("large.txt", lines("large", 3), byte_size=MAX_SMALL_BYTES + 1)
        await harness.large.gate.reached.wait()
        small = await harness.add("small.txt", lines("small", 3))
        assert (await harness.until(small, READY)).chunk_count == 3
        assert await harness.status(large) is PARSING
        harness.large.gate.open()
        await harness.until(large, READY)


async def test_a_new_document_is_embedded_after_one_batch_of_each_earlier_one(
    database: Database, tmp_path: Path
) -> None:
    async with open_harness(database, tmp_path) as harness:
        harness.embedder.gate.close()
        early = [await harness.add(f"early-{number}.txt", lines(f"early{number}", 3 * BATCH)) for number in range(3)]
        for document in early:
            await harness.until(document, EMBEDDING)
        await harness.embedder.gate.reached.wait()
        late = await harness.add("late.txt", lines("late", 1))
        await harness.until(late, EMBEDDING)
        harness.embedder.gate.open()
        await harness.until(late, READY)
        for document in early:
            await harness.until(document, READY)
        embedded = [text.split()[0] for text in harness.embedder.documents]
        assert "late" in embedded[: 3 * BATCH + 1]


@pytest.mark.parametrize("stage", [PARSING, EMBEDDING])
async def test_a_job_can_be_canceled_at_every_stage_and_repeated(
    database: Database, tmp_path: Path, stage: DocumentStatus
) -> None:
    async with open_harness(database, tmp_path) as harness:
        gate = harness.small.gate if stage is PARSING else harness.embedder.gate
        gate.close()
        document = await harness.add("report.txt", lines("report", 3))
        await gate.reached.wait()
        assert await harness.status(document) is stage
        canceled = await harness.ingestion.cancel_ingestion(LOCAL, document.id)
        assert (canceled.status, canceled.chunk_count) == (CANCELED, 0)
        assert await harness.stores.found("report") == []
        with pytest.raises(Conflict):
            await harness.ingestion.cancel_ingestion(LOCAL, document.id)
        gate.open()
        await harness.ingestion.reprocess_document(LOCAL, document.id, None)
        assert (await harness.until(document, READY)).chunk_count == 3
        assert len(await harness.stores.found("report")) == 3


async def test_concurrent_cancellations_and_restarts_take_effect_once(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        harness.embedder.gate.close()
        document = await harness.add("report.txt", lines("report", 3))
        await harness.embedder.gate.reached.wait()
        calls = (harness.ingestion.cancel_ingestion(LOCAL, document.id) for _ in range(3))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Conflict", "DocumentRecord"]
        assert harness.ingestion.ends[CANCELED] == 1
        calls = (harness.ingestion.reprocess_document(LOCAL, document.id, None) for _ in range(2))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["Conflict", "DocumentRecord"]
        harness.embedder.gate.open()
        assert (await harness.until(document, READY)).chunk_count == 3


async def test_a_document_is_deleted_while_a_job_works_on_it(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        harness.embedder.gate.close()
        document = await harness.add("report.txt", lines("report", 3))
        await harness.embedder.gate.reached.wait()
        receipt = await harness.ingestion.delete_document(LOCAL, document.id)
        assert (receipt.chunks, receipt.keyword_entries, receipt.originals) == (3, 3, 1)
        harness.embedder.gate.open()
        other = await harness.add("other.txt", lines("other", 1))
        await harness.until(other, READY)
        assert all("report" not in text for text in harness.embedder.documents)
        assert await harness.stores.documents.find(LOCAL, document.id) is None


async def test_the_second_of_two_concurrent_deletions_finds_no_document(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        document = await harness.add("report.txt", lines("report", 3))
        await harness.until(document, READY)
        removals = 0

        def count(change: object) -> None:
            nonlocal removals
            removals += getattr(change, "kind", None) == "REMOVED"

        harness.events.listen(count)
        calls = (harness.ingestion.delete_document(LOCAL, document.id) for _ in range(2))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["EraseReceipt", "NotFound"]
        assert removals == 1
        with pytest.raises(NotFound):
            await harness.ingestion.delete_document(LOCAL, document.id)


async def test_an_interrupted_job_continues_at_its_stage(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as before:
        before.embedder.gate.close()
        document = await before.add("report.txt", lines("report", 2 * BATCH))
        await before.embedder.gate.reached.wait()
    async with open_harness(database, tmp_path) as after:
        assert (await after.until(document, READY)).embedded_chunks == 2 * BATCH
        assert after.small.parsed_names == [], "it was parsed before the restart"
        assert len(after.embedder.documents) == 2 * BATCH


async def test_an_interrupted_deletion_is_completed_after_a_restart(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as before:
        document = await before.add("report.txt", lines("report", 3))
        await before.until(document, READY)
    await before.stores.documents.mark_deleting(LOCAL, document.id)
    async with open_harness(database, tmp_path) as after:
        await after.until_idle()
        assert await after.stores.documents.find(LOCAL, document.id) is None
        assert list((tmp_path / "originals").rglob("*.*")) == []
