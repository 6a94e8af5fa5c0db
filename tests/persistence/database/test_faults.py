"""Faults of the database: a full disk in each transaction, readers and writers canceled at every await, a killed process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from persistence.database.database import READERS, Database, open_database
from persistence.database.sqlite import execute, fetch, fetch_value
from persistence.documents.staging import Staging
from persistence.embeddings.deep_embeddings import DeepVectors
from persistence.embeddings.embedders import adopt_deep
from records.answer import AnswerProgress
from records.codes import ErrorCode
from records.document import DocumentChanges, DocumentRecord, DocumentStatus, IngestionError, StagedChunk
from records.errors import DiskFull
from records.filters import DocumentFilter, Order
from records.ids import ModelId
from records.model import LoadRequest
from records.page import PageRequest
from records.retrieval import SearchedDocuments
from records.session import MessageRecord, MessageStatus, SamplingSettings, SessionRecord, SessionSettings
from tests.access import LOCAL, SYSTEM
from tests.fakes.faults import cancel_by_scope_at, cancel_natively_at
from tests.paths import ROOT
from tests.persistence.database.test_migrations import check_search_index
from tests.persistence.stores import VECTOR, Stores, cite, make_chunk, parsed
from tests.persistence.test_running_totals import full_count

LARGE = "large " * 100_000
"""A text that does not fit into the free space of any page."""


@dataclass
class Case:
    """Records for the operations, each in a state in which the operation is possible."""

    stores: Stores
    staging: Staging
    deep: DeepVectors
    pending: DocumentRecord
    embedding: DocumentRecord
    ready: DocumentRecord
    session: SessionRecord
    answer: MessageRecord


async def make_case(database: Database) -> Case:
    stores, staging = Stores(database), Staging(database, SYSTEM)
    pending, embedding = await stores.add("pending"), await stores.ingest("Nuts", name="embedding")
    ready = await stores.ingest("Bolt A takes 35 Nm.", "Bolt B", name="ready")
    await stores.embed(ready.id)
    ready = await stores.ingested.set_status(ready.id, DocumentStatus.READY)
    await staging.begin(ready.id)
    await staging.append_text(ready.id, 0, LARGE)
    await staging.add(ready.id, [make_chunk(0, LARGE)])
    session = await stores.session("Bolts", ready.id)
    _, answer, _ = await stores.ask(session.id)
    deep = DeepVectors(database, await adopt_deep(database, "deep", "f", 4), SYSTEM)
    return Case(stores, staging, deep, pending, embedding, ready, session, answer)


Operation = Callable[[Case], Awaitable[Any]]
ERROR = IngestionError(DocumentStatus.PARSING, ErrorCode.INTERNAL, LARGE, retryable=False)


async def store_deep(case: Case) -> None:
    chunks = await case.deep.next_batch(10)
    await case.deep.store([(chunk, VECTOR * 100_000) for chunk in chunks])


async def embed(case: Case) -> None:
    [chunk] = await case.stores.ingested.unembedded(case.embedding.id, 1)
    await case.stores.ingested.store_embeddings(case.embedding.id, [(chunk.id, VECTOR * 100_000)])


async def embed_staged(case: Case) -> None:
    chunks: tuple[StagedChunk, ...] = await case.staging.unembedded(case.ready.id, 5)
    await case.staging.store_embeddings([(chunk, VECTOR * 100_000) for chunk in chunks])


OPERATIONS: dict[str, Operation] = {
    "add document": lambda case: case.stores.add("new", metadata=LARGE),
    "update document": lambda case: case.stores.documents.update(
        LOCAL, case.ready.id, DocumentChanges(LARGE, (LARGE,), LARGE)
    ),
    "set status": lambda case: case.stores.ingested.set_status(case.pending.id, DocumentStatus.FAILED, error=ERROR),
    "append text": lambda case: case.stores.ingested.append_text(case.pending.id, 0, LARGE),
    "add chunks": lambda case: case.stores.ingested.add_chunks(case.pending.id, [make_chunk(0, LARGE)]),
    "finish parsing": lambda case: case.stores.ingested.finish_parsing(
        case.pending.id, replace(parsed(9), properties={"x": LARGE})
    ),
    "store embeddings": embed,
    "store deep vectors": store_deep,
    "stage text": lambda case: case.staging.append_text(case.ready.id, len(LARGE), LARGE),
    "stage chunks": lambda case: case.staging.add(case.ready.id, [make_chunk(1, LARGE)]),
    "store staged embeddings": embed_staged,
    "switch to staged": lambda case: case.staging.switch(case.ready.id, parsed(9)),
    "create session": lambda case: case.stores.sessions.create(LOCAL, LARGE, [case.ready.id], SessionSettings()),
    "update session": lambda case: case.stores.sessions.update(
        LOCAL,
        case.session.id,
        name=LARGE,
        document_ids=[case.embedding.id],
        settings=SessionSettings(system_prompt=LARGE),
    ),
    "store progress": lambda case: case.stores.messages.checkpoint(
        LOCAL, AnswerProgress(case.answer.id, MessageStatus.GENERATING, LARGE, "", True, (cite(case.ready, None),))
    ),
    "finish answer": lambda case: case.stores.messages.finish(
        LOCAL, replace(case.answer, status=MessageStatus.COMPLETED, content=LARGE, citations=(cite(case.ready, None),))
    ),
    "save model settings": lambda case: case.stores.model_settings.save(
        ModelId("m"), LoadRequest(key_cache_type=LARGE), SamplingSettings()
    ),
}


Content = dict[str, list[tuple[Any, ...]]]


async def content(database: Database) -> Content:
    """Return all rows of all tables."""
    async with database.snapshot() as reader:
        tables = await fetch(reader, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts'")
        return {row[0]: [tuple(each) for each in await fetch(reader, f"SELECT * FROM {row[0]}")] for row in tables}


@asynccontextmanager
async def full_disk(database: Database) -> AsyncIterator[None]:
    """Prevent the database file from growing while the block is open."""

    async def limit(pages: int | None) -> None:
        async with database.writing() as transaction:
            size = await fetch_value(transaction, "PRAGMA page_count")
            await execute(transaction, f"PRAGMA max_page_count = {pages or size}")

    await limit(None)
    try:
        yield
    finally:
        await limit(1 << 30)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_full_disk_undoes_the_whole_transaction_and_a_retry_succeeds(database: Database, name: str) -> None:
    case = await make_case(database)
    before = await content(database)
    async with full_disk(database):
        with pytest.raises(DiskFull):
            await OPERATIONS[name](case)
        assert await content(database) == before
    await OPERATIONS[name](case)
    assert await content(database) != before
    await check_search_index(database)


READS: dict[str, Operation] = {
    "page": lambda case: case.stores.documents.page(LOCAL, DocumentFilter(), Order("NAME"), PageRequest(first=5)),
    "count": lambda case: case.stores.documents.count(LOCAL, DocumentFilter()),
    "search": lambda case: case.stores.keywords.search(LOCAL, 'bolt "35 Nm"', 5, None),
    "history": lambda case: case.stores.messages.history(LOCAL, case.answer.id, 5),
    "text": lambda case: case.stores.documents.text(LOCAL, case.ready.id, 0, 5),
    "scope": lambda case: case.stores.documents.resolve_scope(LOCAL, SearchedDocuments((case.ready.id,)), ("x",)),
}
CANCEL = {"natively": cancel_natively_at, "by a scope": cancel_by_scope_at}


@pytest.mark.parametrize("cancel", CANCEL)
@pytest.mark.parametrize("name", READS)
async def test_a_reader_canceled_at_any_await_returns_a_usable_connection(
    database: Database, name: str, cancel: str
) -> None:
    case = await make_case(database)

    async def read() -> Any:
        return await READS[name](case)

    reached, step = True, 0
    while reached:
        step += 1
        reached, _ = await CANCEL[cancel](read(), step)
        await case.stores.documents.update(LOCAL, case.ready.id, DocumentChanges(name=f"step {step}"))
        seen = await asyncio.gather(*(case.stores.documents.get(LOCAL, case.ready.id) for _ in range(READERS + 1)))
        assert {document.name for document in seen} == {f"step {step}"}, "no connection is left in an old snapshot"
    assert step > 2


@pytest.mark.parametrize("cancel", CANCEL)
@pytest.mark.parametrize("name", ["add document", "switch to staged", "finish answer", "update session"])
async def test_a_writer_canceled_at_any_await_stores_all_or_nothing(
    template: Path, tmp_path: Path, name: str, cancel: str
) -> None:
    reached, step = True, 1
    while reached:
        path = tmp_path / f"{step}.db"
        path.write_bytes(template.read_bytes())
        async with open_database(path) as database:
            case = await make_case(database)
            before = await content(database)

            async def write(case: Case = case) -> Any:
                return await OPERATIONS[name](case)

            reached, _ = await CANCEL[cancel](write(), step)
            changed = changed_tables(before, await content(database))
            await check_search_index(database)
            if not changed:
                await write()
                changed = changed_tables(before, await content(database))
            assert changed == {*EXPECTED_CHANGES[name]}
        step += 4


def changed_tables(before: Content, after: Content) -> set[str]:
    return {table for table in after if "_fts_" not in table and after[table] != before[table]}


EXPECTED_CHANGES = {
    "add document": ("documents", "daily_usage", "sqlite_sequence", "storage_totals"),
    "switch to staged": (
        "documents", "chunks", "headings", "outbox", "text_pieces", "staged_chunks", "staged_pieces", "sqlite_sequence",
        "storage_totals",
    ),
    "finish answer": ("messages", "citations", "sessions", "sqlite_sequence"),
    "update session": ("sessions", "session_documents", "sqlite_sequence"),
}  # fmt: skip
"""Tables that a complete operation changes."""


async def test_a_database_recovers_from_its_log_after_a_kill_in_a_transaction(tmp_path: Path) -> None:
    program = """
import anyio, pathlib, sys
from persistence.database.database import open_database
from persistence.database.sqlite import execute
from tests.persistence.stores import Stores
async def main():
    async with open_database(pathlib.Path(sys.argv[1])) as database:
        for number in range(5):
            await Stores(database).ingest(f"Bolt {number}", name=f"{number}")
        async with database.writing() as transaction:
            await execute(transaction, "UPDATE chunks SET text = 'lost ' || hex(randomblob(3000000))")
            await execute(transaction, "DELETE FROM documents WHERE id > 3")
            print("written", flush=True)
            await anyio.sleep_forever()
anyio.run(main)
"""
    path = tmp_path / "x.db"
    with subprocess.Popen([sys.executable, "-c", program, path], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = iter(writer.stdout.readline, "")
        assert any(line.strip() == "written" for line in lines)
        writer.send_signal(signal.SIGKILL)
    assert os.stat(f"{path}-wal").st_size > 1_000_000, "the log was not copied to the database"
    async with open_database(path) as database:
        stores = Stores(database)
        assert sorted(await stores.found("bolt")) == [f"Bolt {number}" for number in range(5)]
        assert await stores.found("lost") == []
        async with database.reading() as reader:
            assert await fetch_value(reader, "PRAGMA integrity_check") == "ok"
            totals = dict((await fetch(reader, "SELECT * FROM storage_totals"))[0])
        assert totals.items() <= (await full_count(database, tmp_path / "originals")).items()
        await check_search_index(database)
