"""The opened database: one writer whose transactions take turns, and a few read-only connections that never wait for it.

Whoever queries holds a connection meanwhile, and Tortoise's current context is that connection's for as long: several
databases can be open in one process, and any task may use any of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.failures import plain_errors
from persistence.database.migrating import migrate
from persistence.database.sqlite import Client, Transaction, open_reader, open_writer
from persistence.search.highlighter import Highlighter, open_highlighter

READERS = 3


class Database:
    """Made by `open_database`."""

    def __init__(self, path: Path, writer: Client, readers: list[Client], highlighter: Highlighter) -> None:
        self.path = path
        self.highlighter = highlighter
        self._writer = writer
        self._turn = asyncio.Lock()
        self._readers: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[BaseDBAsyncClient]:
        """One transaction, durable when the block has ended; undone where the block raises or is canceled.

        Statements go to the connection's thread in order, so a rollback is in line even where nobody waits for it.
        Raises `DiskFull` and `DatabaseLocked`.
        """
        async with self._turn:
            transaction = Transaction(self._writer)
            with plain_errors(self.path), self._writer.current(transaction):
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
        """A read-only connection for one query; each query sees what was committed when it began."""
        reader = await self._readers.get()
        try:
            with plain_errors(self.path), reader.current(reader):
                yield reader
        except asyncio.CancelledError:
            await reader.interrupt()
            raise
        finally:
            self._readers.put_nowait(reader)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Client]:
        """A read-only connection for several queries that see one state."""
        async with self.reading() as reader:
            try:
                await reader.execute_query("BEGIN")
                yield reader
            except asyncio.CancelledError:
                await reader.interrupt()
                raise
            finally:
                await reader.end()

    async def check_write(self) -> None:
        """Commit a write that changes nothing. Raises `DiskFull`, `DatabaseLocked` and `DatabaseUnusable`."""
        async with self.writing() as connection:
            await connection.execute_query("PRAGMA user_version = 0")

    async def byte_size(self) -> int:
        """The file and its write-ahead log."""
        return await asyncio.to_thread(_byte_size, self.path)


@asynccontextmanager
async def open_database(path: Path, readers: int = READERS) -> AsyncIterator[Database]:
    """Bring the file to the present tables, after a backup, and open it; it is made where there is none.

    Raises `DatabaseTooNew`, `DatabaseUnusable`, `DatabaseLocked` and `DiskFull`.
    """
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        # Shielded from cancellation: the thread of a connection that is not closed keeps the process from ending.
        with anyio.CancelScope(shield=True), plain_errors(path):
            await migrate(path)
            writer = await open_writer(path)
            stack.push_async_callback(_close, writer)
            pool = []
            for _ in range(readers):
                pool.append(await open_reader(path))
                stack.push_async_callback(_close, pool[-1])
        highlighter = stack.enter_context(open_highlighter())
        yield Database(path, writer, pool, highlighter)


async def _close(client: Client) -> None:
    with anyio.CancelScope(shield=True):
        await client.close()


def _byte_size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
