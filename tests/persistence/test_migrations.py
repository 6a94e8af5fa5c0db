import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from persistence.database.database import Database, open_database
from persistence.database.failures import DatabaseTooNew, DatabaseUnusable
from persistence.database.migrating import APPS, BACKUPS, back_up, configuration, migrate
from persistence.database.sqlite import execute, fetch
from tests.persistence.shelf import Shelf


async def migrate_to(path: Path, name: str) -> None:
    """As an older or newer program would have left the database."""
    async with TortoiseContext() as context:
        await context.init(config=configuration(path))
        await MigrationExecutor(get_connection("default"), APPS).migrate([MigrationTarget("graphlore", name)])


async def test_models_and_migrations_agree(tmp_path: Path) -> None:
    async with TortoiseContext() as context:
        await context.init(config=configuration(tmp_path / "x.db"))
        assert context.apps is not None
        changes = await MigrationAutodetector(context.apps, APPS).changes()
    assert [operation for writer in changes for operation in writer.operations] == []


async def test_a_new_database_needs_no_backup(tmp_path: Path) -> None:
    assert await migrate(tmp_path / "x.db") is None
    assert await migrate(tmp_path / "x.db") is None
    assert list(tmp_path.glob("*.before-*")) == []


async def test_an_older_database_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate_to(path, "0001_initial")
    kept = sqlite3.connect(path)
    kept.execute("INSERT INTO outbox (chunk_id, document_id) VALUES (7, 7)")
    kept.commit()
    async with open_database(path) as database, database.reading() as reader:
        assert [row["chunk_id"] for row in await fetch(reader, "SELECT chunk_id FROM outbox")] == [7]
    kept.close()
    [backup] = tmp_path.glob("x.db.before-*")
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT chunk_id FROM outbox").fetchall() == [(7,)]
    assert copy.execute("SELECT name FROM sqlite_master WHERE name = 'chunk_words'").fetchall() == []
    copy.close()


async def test_the_newest_backups_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path)
    made = [back_up(path) for _ in range(BACKUPS + 2)]
    assert sorted(tmp_path.glob("x.db.before-*")) == made[-BACKUPS:]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate_to(path, "0001_initial")
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE message_words (id INTEGER)")
    with pytest.raises(Exception, match="message_words already exists"):
        await migrate(path)
    assert other.execute("SELECT name FROM sqlite_master WHERE name = 'chunk_words'").fetchall() == []
    other.execute("DROP TABLE message_words")
    other.close()
    async with open_database(path) as database:
        await Shelf(database).ingest("Bolt A takes 35 Nm.")


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path)
    other = sqlite3.connect(path)
    other.execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('graphlore', '0999_later', '2030')")
    other.commit()
    other.close()
    with pytest.raises(DatabaseTooNew, match="0999_later"):
        await migrate(path)


def tables(path: Path) -> set[tuple[str, str]]:
    """All that a database is made of, with how it was written."""
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


async def test_migrations_can_be_undone(tmp_path: Path) -> None:
    """And done again: the tables are the same ones, and what is stored is kept and found."""
    path, old = tmp_path / "x.db", tmp_path / "old.db"
    await migrate_to(old, "0001_initial")
    async with open_database(path) as database:
        document = await Shelf(database).ingest("Bolt A takes 35 Nm.")
    whole = tables(path)
    await migrate_to(path, "0001_initial")
    assert tables(path) == tables(old) != whole
    async with open_database(path) as database:
        shelf = Shelf(database)
        assert tables(path) == whole
        assert len(await shelf.keywords.search("bolt", 5, None)) == 1
        await shelf.documents.erase(document.id)
        assert await shelf.keywords.search("bolt", 5, None) == ()
        await check_words(database)


async def check_words(database: Database) -> None:
    """Raises where an index of words differs from the texts that it is of."""
    async with database.writing() as transaction:
        for table in ("chunk_words", "session_words", "message_words"):
            await execute(transaction, f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")


async def test_full_text_tables_agree_with_their_contents(database: Database) -> None:
    shelf = Shelf(database)
    document = await shelf.ingest("Bolt A takes 35 Nm.", "中文")
    await shelf.documents.erase((await shelf.ingest("Nuts", name="nuts.txt")).id)
    await shelf.embed(document.id)
    session, deleted = await shelf.session("中文"), await shelf.session("gone")
    await shelf.sessions.update(session.id, name="Bolts")
    for each in (session, deleted):
        prompt, _ = await shelf.exchange(each.id, "q", "a")
        await shelf.exchange(each.id, "q2", "a2")
        await shelf.messages.delete_exchange(prompt.id)
        await shelf.ask(each.id, "unfinished")
    await shelf.sessions.delete(deleted.id)
    await check_words(database)
    assert await rows(database, "chunk_words") == 2
    assert await rows(database, "session_words") == 1
    assert await rows(database, "message_words") == 3, "the second exchange and the prompt of the unfinished answer"


@pytest.mark.parametrize("table", ["chunk_words", "session_words", "message_words"])
async def test_a_full_text_table_that_differs_from_its_contents_is_noticed(database: Database, table: str) -> None:
    shelf = Shelf(database)
    await shelf.ingest("Bolt A takes 35 Nm.")
    await shelf.exchange((await shelf.session("Bolts")).id, "q", "a")
    await check_words(database)
    async with database.writing() as transaction:
        await execute(transaction, f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    with pytest.raises(DatabaseUnusable, match="damaged"):
        await check_words(database)


async def rows(database: Database, table: str) -> int:
    """Texts that an index of words knows, by what it keeps itself."""
    async with database.reading() as reader:
        return int((await fetch(reader, f"SELECT count(*) AS known FROM {table}_docsize"))[0]["known"])
