from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database.database import Database
from tests.persistence.stores import Stores
from tests.support.databases import open_copy, write_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_template(tmp_path_factory.mktemp("database"))


@pytest.fixture
async def database(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    async with open_copy(template, tmp_path) as database:
        yield database


@pytest.fixture
def stores(database: Database) -> Stores:
    return Stores(database)
