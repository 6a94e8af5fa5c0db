"""The numbers of waiting and running documents are right at every moment."""

from pathlib import Path

from persistence.database.database import Database
from records.document import DocumentStatus
from services.ingestion.ingestion import MAX_SMALL_BYTES
from tests.access import LOCAL
from tests.services.ingestion.harness import IngestionHarness, open_harness

READY, EMBEDDING, PARSING = DocumentStatus.READY, DocumentStatus.EMBEDDING, DocumentStatus.PARSING


def counts(harness: IngestionHarness) -> tuple[int, int]:
    status = harness.ingestion.status()
    return status.queued, status.running


async def test_documents_that_arrive_during_a_long_job_are_counted(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        assert counts(harness) == (0, 0)
        harness.large.gate.close()
        documents = []
        for number in range(10):
            documents.append(await harness.add(f"{number}.txt", [f"line {number}"], byte_size=MAX_SMALL_BYTES + 1))
            await harness.large.gate.reached.wait()
            assert counts(harness) == (number, 1)
        harness.large.gate.open()
        for document in documents:
            await harness.until(document, READY)
        await harness.until_idle()
        assert counts(harness) == (0, 0)


async def test_a_document_is_counted_once_at_every_stage(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        harness.small.gate.close()
        harness.embedder.gate.close()
        first = await harness.add("first.txt", ["one"])
        second = await harness.add("second.txt", ["two"])
        await harness.until(first, PARSING)
        assert counts(harness) == (1, 1)
        harness.small.gate.open()
        await harness.until(second, EMBEDDING)
        await harness.embedder.gate.reached.wait()
        assert sum(counts(harness)) == 2
        await harness.ingestion.cancel_ingestion(LOCAL, first.id)
        assert sum(counts(harness)) == 1
        await harness.ingestion.delete_document(LOCAL, second.id)
        assert counts(harness) == (0, 0)
        await harness.ingestion.reprocess_document(LOCAL, first.id, None)
        assert sum(counts(harness)) == 1


async def test_documents_of_an_earlier_start_are_counted(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as before:
        before.small.gate.close()
        for number in range(3):
            await before.add(f"{number}.txt", [f"line {number}"])
        await before.small.gate.reached.wait()
    async with open_harness(database, tmp_path) as after:
        after.small.gate.close()
        await after.small.gate.reached.wait()
        assert counts(after) == (2, 1)
        after.small.gate.open()
        await after.until_idle()


async def test_a_document_that_is_reparsed_is_running_and_never_queued(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path, parser_version=1) as before:
        documents = [await before.add(f"{number}.txt", [f"One {number}. Two {number}."]) for number in range(3)]
        for document in documents:
            await before.until(document, READY)
    async with open_harness(database, tmp_path, parser_version=2) as after:
        after.again.gate.close()
        await after.again.gate.reached.wait()
        assert counts(after) == (0, 1)
        after.again.gate.open()
