import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from persistence.database.database import Database, open_database
from persistence.database.database_errors import DatabaseLocked, DatabaseUnusable
from persistence.database.sqlite import execute, fetch_value
from records.errors import DiskFull
from records.filters import DocumentFilter
from tests.access import LOCAL
from tests.paths import ROOT
from tests.persistence.stores import Stores


async def test_stored_records_exist_after_a_restart(tmp_path: Path) -> None:
    async with open_database(tmp_path / "a folder?" / "x #1%.db") as database:
        document = await Stores(database).ingest("Bolt A takes 35 Nm.")
    async with open_database(tmp_path / "a folder?" / "x #1%.db") as database:
        stores = Stores(database)
        assert await stores.documents.get(LOCAL, document.id) == document
        assert await stores.found("bolt") == ["Bolt A takes 35 Nm."]


async def test_several_databases_can_be_open_in_one_process(tmp_path: Path) -> None:
    async with open_database(tmp_path / "1.db") as first, open_database(tmp_path / "2.db") as second:
        all_stores = Stores(first), Stores(second)
        await asyncio.gather(*(stores.add(f"{n}") for n in range(10) for stores in all_stores[: 1 + n % 2]))
        assert await all_stores[0].documents.count(LOCAL, DocumentFilter()) == 10
        assert await all_stores[1].documents.count(LOCAL, DocumentFilter()) == 5


async def test_a_failed_transaction_is_rolled_back(database: Database) -> None:
    stores = Stores(database)
    document = await stores.add()

    async def fails() -> None:
        async with database.writing() as transaction:
            await execute(transaction, "UPDATE documents SET name = 'x'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await stores.documents.get(LOCAL, document.id) == document


async def test_a_canceled_transaction_is_rolled_back_and_blocks_no_other(database: Database) -> None:
    stores = Stores(database)
    document = await stores.add()
    begun = asyncio.Event()

    async def never_ends() -> None:
        async with database.writing() as transaction:
            await execute(transaction, "UPDATE documents SET name = 'x'")
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(never_ends())
    await begun.wait()
    waiting = [asyncio.create_task(stores.add(f"{n}")) for n in range(3)]
    waiting[0].cancel()
    writing.cancel()
    await asyncio.gather(writing, *waiting, return_exceptions=True)
    assert (await stores.documents.get(LOCAL, document.id)).name == document.name
    assert await stores.documents.count(LOCAL, DocumentFilter()) == 3


async def test_a_writer_canceled_at_any_step_does_not_block_the_next(database: Database) -> None:
    stores = Stores(database)
    for steps in range(30):
        adding = asyncio.create_task(stores.add(f"{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
    await stores.add("last")
    found = await stores.documents.count(LOCAL, DocumentFilter(name_contains="last"))
    assert found == 1


async def test_readers_neither_see_nor_wait_for_an_open_transaction(database: Database) -> None:
    stores = Stores(database)
    document = await stores.add()
    async with database.writing() as transaction:
        await execute(transaction, "UPDATE documents SET name = 'x'")
        assert await stores.documents.get(LOCAL, document.id) == document
    assert (await stores.documents.get(LOCAL, document.id)).name == "x"


async def test_a_snapshot_sees_one_state(database: Database) -> None:
    stores = Stores(database)
    async with database.snapshot() as reader:
        assert await fetch_value(reader, "SELECT count(*) FROM documents") == 0
        await stores.add()
        assert await fetch_value(reader, "SELECT count(*) FROM documents") == 0
    assert await stores.documents.count(LOCAL, DocumentFilter()) == 1


async def test_a_reader_cannot_write(database: Database) -> None:
    async with database.reading() as reader:
        with pytest.raises(Exception, match="readonly"):
            await reader.execute_query("DELETE FROM documents")


async def test_a_canceled_query_returns_its_connection(database: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def query() -> None:
        async with database.snapshot() as reader:
            await reader.execute_query(endless)

    for _ in range(5):
        running = asyncio.create_task(query())
        await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await Stores(database).documents.count(LOCAL, DocumentFilter()) == 0


async def test_commits_wait_for_the_disk(database: Database) -> None:
    async with database.writing() as transaction:
        assert await fetch_value(transaction, "PRAGMA synchronous") == 2
        assert await fetch_value(transaction, "PRAGMA journal_mode") == "wal"
        assert await fetch_value(transaction, "PRAGMA foreign_keys") == 1


async def test_a_full_disk_raises_disk_full_until_there_is_space(database: Database) -> None:
    stores = Stores(database)
    document = await stores.add()
    async with database.writing() as transaction:
        pages = await fetch_value(transaction, "PRAGMA page_count")
        await execute(transaction, f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(DiskFull):
        await stores.ingested.append_text(document.id, 0, "x" * 1_000_000)
    assert await stores.documents.text(LOCAL, document.id, 0, 5) == ""
    async with database.writing() as transaction:
        await execute(transaction, "PRAGMA max_page_count = 100000")
    await stores.ingested.append_text(document.id, 0, "x" * 1_000_000)


async def test_a_lock_of_another_program_raises_database_locked_until_it_is_released(database: Database) -> None:
    stores = Stores(database)
    async with database.writing() as transaction:
        await execute(transaction, "SELECT 1")
    async with database._write_lock:
        await database._writer.execute_query("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLocked):
        await stores.add()
    assert await stores.documents.count(LOCAL, DocumentFilter()) == 0
    other.execute("ROLLBACK")
    other.close()
    await stores.add()


async def test_a_file_that_is_not_a_database_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"This is a letter to my grandmother. " * 100)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        async with open_database(path):
            pass
    assert path.read_bytes().startswith(b"This is a letter")


async def test_a_damaged_database_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    async with open_database(path) as database:
        await Stores(database).ingest("Bolt A takes 35 Nm.")
    with path.open("rb+") as file:
        file.seek(100)
        file.write(os.urandom(20_000))
    with pytest.raises(DatabaseUnusable):
        async with open_database(path) as database:
            await Stores(database).add("x")


async def test_acknowledged_work_survives_a_kill(tmp_path: Path) -> None:
    program = """
import asyncio, pathlib, sys
from persistence.database.database import open_database
from tests.persistence.stores import Stores
async def main():
    async with open_database(pathlib.Path(sys.argv[1])) as database:
        for n in range(10_000):
            document = await Stores(database).ingest(f"Bolt {n}", name=f"{n}")
            print(document.id, flush=True)
asyncio.run(main())
"""
    path = tmp_path / "x.db"
    with subprocess.Popen([sys.executable, "-c", program, path], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [line for line, _ in zip(writer.stdout, range(25), strict=False) if line.strip().isdigit()]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [line for line in writer.stdout if line.endswith("\n") and line.strip().isdigit()]
    async with open_database(path) as database:
        stores = Stores(database)
        assert acknowledged
        assert len(await stores.found("bolt", limit=10_000)) >= len(acknowledged)
        async with database.reading() as reader:
            assert await fetch_value(reader, "PRAGMA integrity_check") == "ok"
