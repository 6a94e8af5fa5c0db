import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from persistence.database.database import Database, open_database
from persistence.database.database_errors import DatabaseTooNew, DatabaseUnusable
from persistence.database.migration import MAX_BACKUPS, back_up, configuration, migrate
from persistence.database.sqlite import execute, fetch, fetch_value
from tests.access import LOCAL
from tests.persistence.stores import Stores

LATER = "tests.persistence.database.later_migrations"
INDEXES = ("chunks_fts", "sessions_fts", "messages_fts")


async def test_models_and_migrations_agree(tmp_path: Path) -> None:
    config = configuration(tmp_path / "x.db")
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None
        changes = await MigrationAutodetector(context.apps, config["apps"]).changes()
    assert [operation for writer in changes for operation in writer.operations] == []


async def test_a_new_database_needs_no_backup(tmp_path: Path) -> None:
    assert await migrate(tmp_path / "x.db") is None
    assert await migrate(tmp_path / "x.db") is None
    assert list(tmp_path.glob("*.before-*")) == []


async def test_an_older_database_is_backed_up_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path)
    kept = sqlite3.connect(path)
    kept.execute("INSERT INTO outbox (chunk_id, document_id) VALUES (7, 7)")
    kept.commit()
    backup = await migrate(path, LATER)
    assert [backup] == list(tmp_path.glob("x.db.before-*"))
    assert {"notes", "more_notes"} <= table_names(path)
    kept.close()
    assert backup is not None
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT chunk_id FROM outbox").fetchall() == [(7,)]
    assert "notes" not in table_names(backup)


async def test_the_newest_backups_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path)
    backups = [back_up(path) for _ in range(MAX_BACKUPS + 2)]
    assert sorted(tmp_path.glob("x.db.before-*")) == backups[-MAX_BACKUPS:]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE more_notes (id INTEGER)")
    with pytest.raises(Exception, match="more_notes already exists"):
        await migrate(path, LATER)
    assert "notes" not in table_names(path)
    other.close()
    async with open_database(path) as database:
        await Stores(database).ingest("Bolt A takes 35 Nm.")


async def test_a_newer_database_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await migrate(path, LATER)
    with pytest.raises(DatabaseTooNew, match="0002_notes"):
        await migrate(path)


def table_names(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


async def check_search_index(database: Database) -> None:
    """Raise `DatabaseUnusable` if a full-text index differs from the texts that it indexes."""
    async with database.writing() as transaction:
        for index in INDEXES:
            await execute(transaction, f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


async def test_the_full_text_indexes_agree_with_the_texts(database: Database) -> None:
    stores = Stores(database)
    document = await stores.ingest("Bolt A takes 35 Nm.", "中文 Straße Mu\u0308nchen")
    await stores.ingested.erase((await stores.ingest("Nuts", name="nuts.txt")).id)
    await stores.embed(document.id)
    session, deleted = await stores.session("中文"), await stores.session("gone")
    await stores.sessions.update(LOCAL, session.id, name="Bolts")
    for each in (session, deleted):
        prompt, _ = await stores.exchange(each.id, "q", "a")
        await stores.exchange(each.id, "q2", "a2")
        await stores.messages.delete_exchange(LOCAL, prompt.id)
        await stores.ask(each.id, "unfinished")
    await stores.sessions.delete(LOCAL, deleted.id)
    await check_search_index(database)
    assert await count_entries(database, "chunks_fts") == 2
    assert await count_entries(database, "sessions_fts") == 1
    assert await count_entries(database, "messages_fts") == 3, (
        "the second exchange and the prompt of the unfinished answer"
    )


@pytest.mark.parametrize("index", INDEXES)
async def test_an_index_that_differs_from_its_texts_is_detected(database: Database, index: str) -> None:
    stores = Stores(database)
    await stores.ingest("Bolt A takes 35 Nm.")
    await stores.exchange((await stores.session("Bolts")).id, "q", "a")
    await check_search_index(database)
    async with database.writing() as transaction:
        await execute(transaction, f"INSERT INTO {index} ({index}) VALUES ('delete-all')")
    with pytest.raises(DatabaseUnusable, match="damaged"):
        await check_search_index(database)


async def test_an_index_of_another_tokenizer_is_built_again_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    async with open_database(path) as database:
        await Stores(database).ingest("Bolt A takes 35 Nm.")
        async with database.writing() as transaction:
            await execute(transaction, "INSERT INTO chunks_fts (chunks_fts) VALUES ('delete-all')")
            await execute(transaction, "UPDATE search_index SET tokenizer = '0 unicode 1.0'")
    async with open_database(path) as database:
        assert await Stores(database).found("bolt") == ["Bolt A takes 35 Nm."]
        await check_search_index(database)


async def test_the_integrity_of_foreign_keys_is_checked(database: Database) -> None:
    async with database.reading() as reader:
        assert await fetch(reader, "PRAGMA foreign_key_check") == []
        assert await fetch_value(reader, "PRAGMA integrity_check") == "ok"


async def count_entries(database: Database, index: str) -> int:
    """Return the number of texts in a full-text index."""
    async with database.reading() as reader:
        return int(await fetch_value(reader, f"SELECT count(*) FROM {index}_docsize"))
