from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database.database import Database
from records.access import AccountsMode
from tests.accounts.server import AccountsServer, open_accounts
from tests.persistence.conftest import database, template

__all__ = ["database", "template"]


@pytest.fixture
async def single(database: Database, tmp_path: Path) -> AsyncIterator[AccountsServer]:
    """A server without accounts."""
    async with open_accounts(database, tmp_path) as server:
        yield server


@pytest.fixture
async def server(database: Database, tmp_path: Path) -> AsyncIterator[AccountsServer]:
    """A server with a superadmin, Ada, whose people need an invitation."""
    async with open_accounts(database, tmp_path, AccountsMode.INVITATION) as server:
        await server.set_up()
        yield server
