"""The opened database: one writer whose transactions run one after the other, and read-only connections beside it.

Tortoise has a current connection for each context. A query's block sets it to the block's own connection, so that several
databases can be open in one process and any task can use any of them.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database_errors import named_database_errors
from persistence.database.migration import migrate
from persistence.database.search_index import rebuild_if_outdated
from persistence.database.sqlite import Client, Transaction, open_reader, open_writer
from persistence.search.highlighter import Highlighter, open_highlighter

READERS = 3
"""Number of read-only connections. A query waits while all are in use."""


class Database:
    """The connections of one database file. Created by `open_database`."""

    def __init__(self, path: Path, writer: Client, readers: list[Client], highlighter: Highlighter) -> None:
        self.path = path
        self.highlighter = highlighter
        self._writer = writer
        self._write_lock = anyio.Lock()
        self._idle_readers = list(readers)
        self._reader_idle = anyio.Semaphore(len(readers))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[BaseDBAsyncClient]:
        """Run a block in one transaction: durable when the block has ended, rolled back if it raises or is canceled.

        The connection's thread executes statements in their order, so a rollback also happens if the caller does not wait
        for it. Raises `DiskFull`, `DatabaseLocked` and `DatabaseUnusable`.
        """
        async with self._write_lock:
            transaction = Transaction(self._writer)
            with named_database_errors(self.path), self._writer.current(transaction):
                try:
                    await transaction.begin()
                    yield transaction
                    await transaction.commit()
                except BaseException:
                    if transaction.is_open:
                        await transaction.rollback()
                    raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Client]:
        """Yield a read-only connection for single queries. Each query sees the state that was committed when it began."""
        async with self._reader_idle:
            reader = self._idle_readers.pop()
            try:
                with named_database_errors(self.path), reader.current(reader):
                    yield reader
            except anyio.get_cancelled_exc_class():
                await reader.interrupt()
                raise
            finally:
                self._idle_readers.append(reader)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Client]:
        """Yield a read-only connection for several queries that all see the same committed state."""
        async with self.reading() as reader:
            try:
                await reader.execute_query("BEGIN")
                yield reader
            except anyio.get_cancelled_exc_class():
                await reader.interrupt()
                raise
            finally:
                await reader.rollback()

    async def check_write(self) -> None:
        """Commit a write that changes nothing. Raises `DiskFull`, `DatabaseLocked` and `DatabaseUnusable`."""
        async with self.writing() as connection:
            await connection.execute_query("PRAGMA user_version = 0")

    async def byte_size(self) -> int:
        """Return the size of the file and of its write-ahead log in bytes."""
        return await anyio.to_thread.run_sync(_byte_size, self.path)


@asynccontextmanager
async def open_database(path: Path, readers: int = READERS) -> AsyncIterator[Database]:
    """Open a database file and create it if it does not exist. Older tables are migrated after a backup.

    Raises `DatabaseTooNew`, `DatabaseUnusable`, `DatabaseLocked` and `DiskFull`.
    """
    await anyio.Path(path.parent).mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        # Shielded from cancellation: the thread of a connection that is not closed prevents the process from ending.
        with anyio.CancelScope(shield=True), named_database_errors(path):
            await migrate(path)
            writer = await open_writer(path)
            stack.push_async_callback(_close, writer)
            pool = []
            for _ in range(readers):
                pool.append(await open_reader(path))
                stack.push_async_callback(_close, pool[-1])
        database = Database(path, writer, pool, stack.enter_context(open_highlighter()))
        await rebuild_if_outdated(database)
        yield database


async def _close(client: Client) -> None:
    with anyio.CancelScope(shield=True):
        await client.close()


def _byte_size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
