"""Fixtures for the tests of services that use the real stores."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from persistence.database.database import Database
from tests.support.databases import open_copy, write_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, for `open_copy`."""
    return write_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def database(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """The database of one test, in `tmp_path`."""
    async with open_copy(template, tmp_path) as database:
        yield database


@pytest.fixture
def captured_logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """The log entries of one test. They are not rendered: the tracebacks of injected errors would take most of the time."""
    with capture_logs() as entries:
        yield entries
