"""Documents of an older parser are parsed again in the background, while searches keep finding their old text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from persistence.database.database import Database
from persistence.database.json_columns import pack
from persistence.database.sqlite import execute, fetch, fetch_value
from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentStatus, ExtractionCoverage
from records.errors import Conflict, DiskFull, DocumentUnreadable, ExpectedError
from services.worker_retry import MAX_ATTEMPTS
from tests.access import LOCAL
from tests.persistence.database.test_migrations import check_search_index
from tests.services.ingestion.harness import IngestionHarness, open_harness

READY, EMBEDDING, PENDING = DocumentStatus.READY, DocumentStatus.EMBEDDING, DocumentStatus.PENDING
LINES = ["Bolt A takes 35 Nm. Bolt B takes 50 Nm.", "Nuts are on shelf 7."]
DAMAGED = DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, "The file is damaged.")
SENTENCES = ["Bolt A takes 35 Nm.", " Bolt B takes 50 Nm.", "Nuts are on shelf 7."]
"""The chunks that version 2 of the parser makes of `LINES`."""


async def parsed_by_version_1(database: Database, folder: Path, *names: str) -> list[DocumentRecord]:
    async with open_harness(database, folder, parser_version=1) as harness:
        documents = [await harness.add(name, [f"{name}: {LINES[0]}", LINES[1]]) for name in names or ("bolts",)]
        return [await harness.until(document, READY) for document in documents]


@asynccontextmanager
async def staged_and_not_embedded(database: Database, folder: Path) -> AsyncIterator[IngestionHarness]:
    """Open ingestion with version 2 of the parser, and wait until the embedder waits at its closed gate."""
    async with open_harness(database, folder, parser_version=2) as harness:
        harness.embedder.gate.close()
        await harness.embedder.gate.reached.wait()
        yield harness


async def chunks(database: Database, document: DocumentRecord) -> list[tuple[int, str, bool]]:
    async with database.reading() as reader:
        query = "SELECT id, text, embedding IS NOT NULL FROM chunks WHERE document_id = ? ORDER BY position"
        return [tuple(row) for row in await fetch(reader, query, [document.id])]


async def staged_rows(database: Database) -> int:
    async with database.reading() as reader:
        query = "SELECT (SELECT count(*) FROM staged_chunks) + (SELECT count(*) FROM staged_pieces)"
        return int(await fetch_value(reader, query))


async def reparsed(harness: IngestionHarness, document: DocumentRecord, chunk_count: int = 3) -> DocumentRecord:
    """Wait until a document was reparsed and has `chunk_count` chunks. Check that it is READY all the time."""
    async with harness.events.watch(LOCAL, document.id) as changes:
        async for change in changes:
            if change.record is not None:
                assert change.record.status is READY
                if change.record.chunk_count == chunk_count:
                    return change.record
    raise AssertionError("the stream of changes never ends")


async def parser_version(database: Database, document: DocumentRecord) -> int:
    async with database.reading() as reader:
        return int(await fetch_value(reader, "SELECT parser_version FROM documents WHERE id = ?", [document.id]))


async def test_searches_find_the_old_text_until_the_new_one_replaces_it(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with staged_and_not_embedded(database, tmp_path) as harness:
        assert await staged_rows(database) > 0
        assert await harness.status(document) is READY
        assert await harness.stores.found("35") == [f"bolts: {LINES[0]}"]
        harness.embedder.gate.open()
        after = await reparsed(harness, document)
        assert after.embedded_chunks == 3
        assert await harness.stores.found("35") == [f"bolts: {SENTENCES[0]}"]
        assert await harness.stores.documents.text(LOCAL, document.id, 0, 1000) == "bolts: " + "".join(SENTENCES)
    assert [text for _, text, _ in await chunks(database, document)] == [f"bolts: {SENTENCES[0]}", *SENTENCES[1:]]
    assert all(embedded for _, _, embedded in await chunks(database, document))
    assert await staged_rows(database) == 0
    await check_search_index(database)


async def test_a_chunk_with_the_same_text_keeps_its_id_and_its_vector(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    [cut, kept] = await chunks(database, document)
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        await reparsed(harness, document)
        assert not any("Nuts" in text for text in harness.embedder.documents)
        async with database.reading() as reader:
            query = "SELECT DISTINCT chunk_id FROM outbox WHERE chunk_id IN (?, ?)"
            queued = {row[0] for row in await fetch(reader, query, [cut[0], kept[0]])}
        after = await chunks(database, document)
    assert after[2] == kept
    assert cut[0] not in {chunk_id for chunk_id, _, _ in after}
    assert cut[0] in queued, "its vector is removed by the outbox"


async def test_documents_of_the_present_parser_are_not_parsed_again(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with open_harness(database, tmp_path, parser_version=1) as harness:
        other = await harness.add("other.txt", ["Washers"])
        await harness.until(other, READY)
        assert harness.again.parsed_names == []
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        await reparsed(harness, document)
        last = await harness.add("last.txt", ["Screws. Nails."])
        assert (await harness.until(last, READY)).chunk_count == 2
        assert "last.txt" not in harness.again.parsed_names


async def test_new_documents_are_ingested_before_outdated_ones_are_reparsed(database: Database, tmp_path: Path) -> None:
    [document, _] = await parsed_by_version_1(database, tmp_path, "one", "two")
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        harness.again.gate.close()
        harness.small.gate.close()
        await harness.again.gate.reached.wait()
        new = await harness.add("new.txt", ["Screws"])
        await harness.small.gate.reached.wait()
        harness.again.gate.open()
        await reparsed(harness, document)
        assert harness.again.parsed_names == ["one"], "the second one waits for the new document"
        harness.small.gate.open()
        await harness.until(new, READY)
        async with harness.events.watch(LOCAL, None) as changes:
            async for change in changes:
                if change.record is not None and change.record.name == "two" and change.record.chunk_count == 3:
                    break


async def test_an_interrupted_reparse_begins_again_after_a_restart(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with staged_and_not_embedded(database, tmp_path):
        assert await staged_rows(database) > 0
    assert await staged_rows(database) > 0
    assert [text for _, text, _ in await chunks(database, document)] == [f"bolts: {LINES[0]}", LINES[1]]
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        await reparsed(harness, document)
    assert await staged_rows(database) == 0


async def test_a_document_can_be_deleted_while_it_is_reparsed(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with staged_and_not_embedded(database, tmp_path) as harness:
        receipt = await harness.ingestion.delete_document(LOCAL, document.id)
        assert (receipt.chunks, receipt.keyword_entries) == (2, 2)
        assert await harness.stores.found("35") == []
    assert await staged_rows(database) == 0
    assert await chunks(database, document) == []


async def test_a_document_can_be_reprocessed_while_it_is_reparsed(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with staged_and_not_embedded(database, tmp_path) as harness:
        assert (await harness.ingestion.reprocess_document(LOCAL, document.id, None)).status is PENDING
        await harness.until(document, EMBEDDING)
        harness.embedder.gate.open()
        assert (await harness.until(document, READY)).chunk_count == 3
        assert harness.again.parsed_names == ["bolts"], "a reprocessed document is up to date"
    assert await staged_rows(database) == 0


async def test_a_document_that_cannot_be_parsed_any_more_keeps_its_text(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with open_harness(database, tmp_path, parser_version=2, failure=DAMAGED) as harness:
        while await parser_version(database, document) != 2:
            await anyio.sleep(0.01)
        assert harness.again.parsed_names == ["bolts"]
        assert await harness.stores.found("35") == [f"bolts: {LINES[0]}"]
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        other = await harness.add("other.txt", ["Washers"])
        await harness.until(other, READY)
        assert harness.again.parsed_names == [], "one version of the parser tries a file once"
        assert await harness.status(document) is READY


@pytest.mark.parametrize(
    "failure", [DiskFull(), DocumentUnreadable(ErrorCode.WORKER_CRASHED, "The parser crashed.", retryable=True)]
)
async def test_a_temporary_failure_is_repeated_after_the_next_start(
    database: Database, tmp_path: Path, failure: ExpectedError
) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with open_harness(database, tmp_path, parser_version=2, failure=failure) as harness:
        while not harness.again.parsed_names:
            await anyio.sleep(0.01)
        other = await harness.add("other", ["Washers"])
        await harness.until(other, READY)
        assert len(harness.again.parsed_names) in (1, MAX_ATTEMPTS)
        assert await parser_version(database, document) == 1
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        await reparsed(harness, document)


async def test_a_crash_of_the_embedder_does_not_repeat_the_parsing(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        harness.embedder.crash(times=2)
        await reparsed(harness, document)
        assert harness.again.parsed_names == ["bolts"]


async def test_a_reparse_cannot_be_canceled(database: Database, tmp_path: Path) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    async with staged_and_not_embedded(database, tmp_path) as harness:
        with pytest.raises(Conflict):
            await harness.ingestion.cancel_ingestion(LOCAL, document.id)
        harness.embedder.gate.open()
        await reparsed(harness, document)


async def test_recognized_text_is_kept_if_text_recognition_is_not_installed_any_more(
    database: Database, tmp_path: Path
) -> None:
    [document] = await parsed_by_version_1(database, tmp_path)
    recognized = pack(ExtractionCoverage(1, 1, pages_recognized=1, tables=0, pictures=1))
    async with database.writing() as transaction:
        await execute(transaction, "UPDATE documents SET coverage = ? WHERE id = ?", [recognized, document.id])
    async with open_harness(database, tmp_path, parser_version=2) as harness:
        other = await harness.add("other", ["Washers"])
        await harness.until(other, READY)
        while not harness.again.parsed_names or await staged_rows(database):
            await anyio.sleep(0.01)
        assert await harness.stores.found("35") == [f"bolts: {LINES[0]}"]
        assert await parser_version(database, document) == 1
