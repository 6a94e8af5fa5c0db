from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database.database import Database, open_database
from tests.persistence.shelf import Shelf


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "graphlore.db") as database:
        yield database


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)
