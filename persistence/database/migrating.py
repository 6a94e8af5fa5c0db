"""Bringing a database to the present tables at start, after a backup of the file where there is something to lose."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.transactions import in_transaction

from persistence.database.failures import DatabaseTooNew, plain_errors
from persistence.fsync import sync

BACKUPS = 3
"Backups that are kept; older ones are removed."

APPS = {
    "graphlore": {
        "models": [
            "persistence.database.tables",
            "persistence.database.embedding_tables",
            "persistence.database.staging_tables",
        ],
        "migrations": "persistence.migrations",
    }
}
log = structlog.stdlib.get_logger("graphlore.database")


def configuration(path: Path) -> dict[str, Any]:
    """Without foreign keys: SQLite changes a table by making it anew, which would cascade. They are checked at the end."""
    credentials = {
        "file_path": str(path), "journal_mode": "WAL", "journal_size_limit": 64 << 20, "foreign_keys": "OFF",
        "synchronous": "FULL", "busy_timeout": 5000,
    }  # fmt: skip
    return {
        "connections": {"default": {"engine": "persistence.database.sqlite", "credentials": credentials}},
        "apps": APPS,
    }


TORTOISE_ORM = configuration(Path("build/makemigrations.db"))
"For Tortoise's command line, which writes new migrations."


async def migrate(path: Path) -> Path | None:
    """Apply what is missing, all of it or nothing; gives the backup that was made, if any.

    Raises `DatabaseTooNew`, `DatabaseUnusable`, `DiskFull` and `DatabaseLocked`.
    """
    with plain_errors(path):
        async with TortoiseContext() as context:
            await context.init(config=configuration(path))
            connection = get_connection("default")
            await connection.create_connection(with_db=True)  # by a query, Tortoise would never say that it failed
            executor = MigrationExecutor(connection, APPS)
            missing = [step.migration.name for step in await executor.plan()]
            applied = set(await executor.recorder.applied_migrations())
            _refuse_unknown(path, applied, set(executor.loader.graph.nodes))
            backup = None
            if missing:
                backup = await asyncio.to_thread(back_up, path) if applied else None
                await _apply(path)
                log.info("database migrated", migrations=missing, backup=backup and str(backup))
    return backup


async def _apply(path: Path) -> None:
    """One transaction around all, so that a crash leaves either the old tables or the new ones."""
    async with in_transaction("default") as transaction:
        await MigrationExecutor(transaction, APPS).migrate(direction="forward")
        broken = (await transaction.execute_query("PRAGMA foreign_key_check"))[1]
        if broken:
            raise sqlite3.IntegrityError(f"{len(broken)} rows of {path} refer to rows that are gone")


def back_up(path: Path) -> Path:
    """Copy the database beside it, durably, with what its log holds; blocks. The newest `BACKUPS` are kept."""
    backup = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    partial = backup.with_name(f"{backup.name}.partial")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        sync(partial)
        partial.replace(backup)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)
    for older in sorted(path.parent.glob(f"{path.name}.before-*"))[:-BACKUPS]:
        older.unlink()
    return backup


def _refuse_unknown(path: Path, applied: set[MigrationKey], known: set[MigrationKey]) -> None:
    for key in sorted(applied - known):
        raise DatabaseTooNew(path, key.name)
