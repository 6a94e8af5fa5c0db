"""Databases for tests: migrated once, then copied, which takes 30 ms instead of 750."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from persistence.database.database import Database, open_database


def write_template(folder: Path) -> Path:
    """Write an empty database with all tables and return its path."""
    path = folder / "template.db"

    async def migrate() -> None:
        async with open_database(path):
            pass

    asyncio.run(migrate())
    return path


@asynccontextmanager
async def open_copy(template: Path, folder: Path) -> AsyncIterator[Database]:
    """Open the database in a data folder; if there is none, copy the template to it first."""
    path = folder / "graphlore.db"
    if not path.exists():
        shutil.copy(template, path)
    async with open_database(path) as database:
        yield database
