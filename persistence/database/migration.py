"""Migration of the database at start, after a backup of the file if it contains anything."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import structlog
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.transactions import in_transaction

from persistence.database.database_errors import DatabaseTooNew, named_database_errors
from persistence.fsync import sync

MAX_BACKUPS = 3
"""Maximum number of backups that are kept. Older ones are removed."""

MIGRATIONS = "persistence.migrations"
MODELS = [
    "persistence.database.access_tables",
    "persistence.database.collection_tables",
    "persistence.database.tables",
    "persistence.database.embedding_tables",
    "persistence.database.staging_tables",
]
log = structlog.stdlib.get_logger("graphlore.database")


def configuration(path: Path, migrations: str = MIGRATIONS) -> dict[str, Any]:
    """Return Tortoise's configuration for the migrations of a package.

    Foreign keys are off: to change a table, SQLite drops it and creates it again, and the deletion would cascade to the
    tables that refer to it. All foreign keys are checked at the end.
    """
    credentials = {
        "file_path": str(path), "journal_mode": "WAL", "journal_size_limit": 64 << 20, "foreign_keys": "OFF",
        "synchronous": "FULL", "busy_timeout": 5000, "trusted_schema": "ON",
    }  # fmt: skip
    return {
        "connections": {"default": {"engine": "persistence.database.sqlite", "credentials": credentials}},
        "apps": {"graphlore": {"models": MODELS, "migrations": migrations}},
    }


TORTOISE_ORM = configuration(Path("build/makemigrations.db"))
"""Configuration of Tortoise's command line, which writes migrations."""


async def migrate(path: Path, migrations: str = MIGRATIONS) -> Path | None:
    """Apply all missing migrations of a package in one transaction. Return the path of the backup; None for a new file.

    Raises `DatabaseTooNew`, `DatabaseUnusable`, `DiskFull` and `DatabaseLocked`.
    """
    with named_database_errors(path):
        async with TortoiseContext() as context:
            config = configuration(path, migrations)
            await context.init(config=config)
            connection = get_connection("default")
            await connection.create_connection(with_db=True)  # the first query would hide a failure to connect
            executor = MigrationExecutor(connection, config["apps"])
            missing = [step.migration.name for step in await executor.plan()]
            applied = set(await executor.recorder.applied_migrations())
            _reject_unknown(path, applied, set(executor.loader.graph.nodes))
            backup = None
            if missing:
                backup = await anyio.to_thread.run_sync(back_up, path) if applied else None
                await _apply(path, config)
                log.info("database migrated", migrations=missing, backup=backup and str(backup))
    return backup


async def _apply(path: Path, config: dict[str, Any]) -> None:
    """Apply the migrations in one transaction, so that a crash leaves either the old tables or the new ones."""
    async with in_transaction("default") as transaction:
        await MigrationExecutor(transaction, config["apps"]).migrate(direction="forward")
        violations = (await transaction.execute_query("PRAGMA foreign_key_check"))[1]
        if violations:
            raise sqlite3.IntegrityError(f"{len(violations)} rows of {path} refer to missing rows")


def back_up(path: Path) -> Path:
    """Copy the database and its write-ahead log to a file beside it, durably. Blocks. Keep the newest `MAX_BACKUPS`."""
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
    for older in sorted(path.parent.glob(f"{path.name}.before-*"))[:-MAX_BACKUPS]:
        older.unlink()
    return backup


def _reject_unknown(path: Path, applied: set[MigrationKey], known: set[MigrationKey]) -> None:
    for key in sorted(applied - known):
        raise DatabaseTooNew(path, key.name)
