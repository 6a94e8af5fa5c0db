"""Documents that an older parser read are read again behind the back of those who search."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from persistence.database.database import Database, open_database
from persistence.database.json_columns import pack
from persistence.database.sqlite import execute, fetch, fetch_value
from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentStatus, ExtractionCoverage
from records.errors import Conflict, DiskFull, DocumentUnreadable, ExpectedError
from services.worker_retry import ATTEMPTS
from tests.persistence.test_migrations import check_words
from tests.services.ingestion.stages import Workshop, open_workshop

READY, EMBEDDING, PENDING = DocumentStatus.READY, DocumentStatus.EMBEDDING, DocumentStatus.PENDING
LINES = ["Bolt A takes 35 Nm. Bolt B takes 50 Nm.", "Nuts are on shelf 7."]
DAMAGED = DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, "The file is damaged.")
RENEWED = ["Bolt A takes 35 Nm.", " Bolt B takes 50 Nm.", "Nuts are on shelf 7."]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "graphlore.db") as database:
        yield database


async def read_by_the_old_one(database: Database, folder: Path, *names: str) -> list[DocumentRecord]:
    async with open_workshop(database, folder, parser_version=1) as workshop:
        documents = [await workshop.add(name, [f"{name}: {LINES[0]}", LINES[1]]) for name in names or ("bolts",)]
        return [await workshop.until(document, READY) for document in documents]


@asynccontextmanager
async def half_renewed(database: Database, folder: Path) -> AsyncIterator[Workshop]:
    """Everything was read again, and the embedder stands in front of its gate."""
    async with open_workshop(database, folder, parser_version=2) as workshop:
        workshop.embedder.gate.shut()
        await workshop.embedder.gate.reached.wait()
        yield workshop


async def chunks(database: Database, document: DocumentRecord) -> list[tuple[int, str, bool]]:
    async with database.reading() as reader:
        query = "SELECT id, text, embedding IS NOT NULL FROM chunks WHERE document_id = ? ORDER BY position"
        return [tuple(row) for row in await fetch(reader, query, [document.id])]


async def staged(database: Database) -> int:
    async with database.reading() as reader:
        query = "SELECT (SELECT count(*) FROM staged_chunks) + (SELECT count(*) FROM staged_pieces)"
        return int(await fetch_value(reader, query))


async def renewed(workshop: Workshop, document: DocumentRecord, chunk_count: int = 3) -> DocumentRecord:
    async with workshop.feed.watch(document.id) as changes:
        async for change in changes:
            if change.noun is not None:
                assert change.noun.status is READY, "nobody may see that it is read again"
                if change.noun.chunk_count == chunk_count:
                    return change.noun
    raise AssertionError("the stream of changes never ends")


async def test_an_outdated_document_is_found_as_it_was_until_the_new_reading_is_whole(
    database: Database, tmp_path: Path
) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with half_renewed(database, tmp_path) as workshop:
        assert await staged(database) > 0
        assert await workshop.status(document) is READY
        assert await workshop.shelf.found("35") == [f"bolts: {LINES[0]}"]
        workshop.embedder.gate.open.set()
        after = await renewed(workshop, document)
        assert after.embedded_chunks == 3
        assert await workshop.shelf.found("35") == [f"bolts: {RENEWED[0]}"]
        assert await workshop.shelf.documents.text(document.id, 0, 1000) == "bolts: " + "".join(RENEWED)
    assert [text for _, text, _ in await chunks(database, document)] == [f"bolts: {RENEWED[0]}", *RENEWED[1:]]
    assert all(embedded for _, _, embedded in await chunks(database, document))
    assert await staged(database) == 0
    await check_words(database)


async def test_a_chunk_that_says_the_same_stays_the_same_one(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    [cut, kept] = await chunks(database, document)
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        await renewed(workshop, document)
        assert not any("Nuts" in text for text in workshop.embedder.documents), "its vector is still good"
        async with database.reading() as reader:
            query = "SELECT DISTINCT chunk_id FROM outbox WHERE chunk_id IN (?, ?)"
            told = {row[0] for row in await fetch(reader, query, [cut[0], kept[0]])}
        after = await chunks(database, document)
    assert after[2] == kept
    assert cut[0] not in {chunk_id for chunk_id, _, _ in after}
    assert cut[0] in told, "its vector has to go"


async def test_what_the_present_parser_read_is_left_alone(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with open_workshop(database, tmp_path, parser_version=1) as workshop:
        other = await workshop.add("other.txt", ["Washers"])
        await workshop.until(other, READY)
        assert workshop.renewing.read == []
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        await renewed(workshop, document)
        last = await workshop.add("last.txt", ["Screws. Nails."])
        assert (await workshop.until(last, READY)).chunk_count == 2
        assert "last.txt" not in workshop.renewing.read


async def test_new_documents_go_first(database: Database, tmp_path: Path) -> None:
    [document, _] = await read_by_the_old_one(database, tmp_path, "one", "two")
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        workshop.renewing.gate.shut()
        workshop.small.gate.shut()
        await workshop.renewing.gate.reached.wait()
        new = await workshop.add("new.txt", ["Screws"])
        await workshop.small.gate.reached.wait()
        workshop.renewing.gate.open.set()
        await renewed(workshop, document)
        assert workshop.renewing.read == ["one"], "the second one waits for the new document"
        workshop.small.gate.open.set()
        await workshop.until(new, READY)
        async with workshop.feed.watch(None) as changes:
            async for change in changes:
                if change.noun is not None and change.noun.name == "two" and change.noun.chunk_count == 3:
                    break


async def test_a_renewal_that_an_end_cut_off_begins_anew(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with half_renewed(database, tmp_path):
        assert await staged(database) > 0
    assert await staged(database) > 0, "the end takes nothing back"
    assert [text for _, text, _ in await chunks(database, document)] == [f"bolts: {LINES[0]}", LINES[1]]
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        await renewed(workshop, document)
    assert await staged(database) == 0


async def test_a_document_can_be_deleted_while_it_is_read_again(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with half_renewed(database, tmp_path) as workshop:
        receipt = await workshop.ingestion.delete_document(document.id)
        assert (receipt.chunks, receipt.keyword_entries) == (2, 2)
        assert await workshop.shelf.found("35") == []
    assert await staged(database) == 0
    assert await chunks(database, document) == []


async def test_a_document_can_be_ingested_anew_while_it_is_read_again(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with half_renewed(database, tmp_path) as workshop:
        assert (await workshop.ingestion.reprocess_document(document.id, None)).status is PENDING
        await workshop.until(document, EMBEDDING)
        workshop.embedder.gate.open.set()
        assert (await workshop.until(document, READY)).chunk_count == 3
        assert workshop.renewing.read == ["bolts"], "what was read anew needs no renewal"
    assert await staged(database) == 0


async def test_what_cannot_be_read_any_more_stays_as_it_was(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with open_workshop(database, tmp_path, parser_version=2, failure=DAMAGED) as workshop:
        while await parser_version(database, document) != 2:
            await asyncio.sleep(0.01)
        assert workshop.renewing.read == ["bolts"]
        assert await workshop.shelf.found("35") == [f"bolts: {LINES[0]}"]
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        other = await workshop.add("other.txt", ["Washers"])
        await workshop.until(other, READY)
        assert workshop.renewing.read == [], "one version tries a file once"
        assert await workshop.status(document) is READY


@pytest.mark.parametrize(
    "failure", [DiskFull(), DocumentUnreadable(ErrorCode.WORKER_CRASHED, "The parser crashed.", retryable=True)]
)
async def test_what_fails_for_a_reason_that_passes_is_tried_again_after_the_next_start(
    database: Database, tmp_path: Path, failure: ExpectedError
) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with open_workshop(database, tmp_path, parser_version=2, failure=failure) as workshop:
        while not workshop.renewing.read:
            await asyncio.sleep(0.01)
        other = await workshop.add("other", ["Washers"])
        await workshop.until(other, READY)
        assert len(workshop.renewing.read) in (1, ATTEMPTS)
        assert await parser_version(database, document) == 1
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        await renewed(workshop, document)


async def test_a_crash_of_the_embedder_does_not_have_the_file_read_again(database: Database, tmp_path: Path) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        workshop.embedder.crashes = 2
        await renewed(workshop, document)
        assert workshop.renewing.read == ["bolts"]


async def test_a_document_that_is_read_again_cannot_be_canceled_and_is_read_to_its_end(
    database: Database, tmp_path: Path
) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    async with half_renewed(database, tmp_path) as workshop:
        with pytest.raises(Conflict):
            await workshop.ingestion.cancel_ingestion(document.id)
        workshop.embedder.gate.open.set()
        await renewed(workshop, document)


async def test_text_that_was_recognized_is_kept_where_nothing_recognizes_it_any_more(
    database: Database, tmp_path: Path
) -> None:
    [document] = await read_by_the_old_one(database, tmp_path)
    seen = pack(ExtractionCoverage(1, 1, pages_recognized=1, tables=0, pictures=1))
    async with database.writing() as transaction:
        await execute(transaction, "UPDATE documents SET coverage = ? WHERE id = ?", [seen, document.id])
    async with open_workshop(database, tmp_path, parser_version=2) as workshop:
        other = await workshop.add("other", ["Washers"])
        await workshop.until(other, READY)
        while not workshop.renewing.read or await staged(database):
            await asyncio.sleep(0.01)
        assert await workshop.shelf.found("35") == [f"bolts: {LINES[0]}"]
        assert await parser_version(database, document) == 1


async def parser_version(database: Database, document: DocumentRecord) -> int:
    async with database.reading() as reader:
        return int(await fetch_value(reader, "SELECT parser_version FROM documents WHERE id = ?", [document.id]))
