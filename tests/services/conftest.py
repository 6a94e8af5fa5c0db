"""Fixtures for the tests of services that use the real stores."""

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from persistence.database.database import Database
from tests.support.databases import open_copy, write_template

T = TypeVar("T")


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
    """The log entries of one test. Rendering the tracebacks of injected errors would take most of its time."""
    with capture_logs() as entries:
        yield entries


@asynccontextmanager
async def in_own_task(context: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a context manager in one task, as anyio requires: pytest runs the halves of a fixture in two tasks."""
    opened: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    closing = asyncio.Event()

    async def hold() -> None:
        try:
            async with context as value:
                opened.set_result(value)
                await closing.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    task = asyncio.ensure_future(hold())
    try:
        yield await opened
    finally:
        closing.set()
        await task
