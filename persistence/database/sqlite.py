"""SQLite connections as Tortoise clients: how they are opened, how transactions begin, and plain SQL through them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.context import TortoiseContext

BUSY_MS = 5000
"Milliseconds that a connection waits where another program has locked the database."

_DURABLE: dict[str, Any] = {"synchronous": "FULL", "fullfsync": "ON", "checkpoint_fullfsync": "ON"}
"""In WAL, NORMAL would survive `kill -9` but could lose the last commits when the power fails; what was acknowledged must
survive both, so each commit waits for the disk. `fullfsync` makes that true on macOS and does nothing elsewhere."""
_ALWAYS: dict[str, Any] = {"busy_timeout": BUSY_MS, "cache_size": -16_000, "temp_store": "MEMORY"}


class Transaction(SqliteTransactionWrapper):
    """Begins IMMEDIATE: a plain BEGIN that reads and then writes fails at once where another program wrote in between."""

    @property
    def is_open(self) -> bool:
        return not self._finalized

    async def begin(self) -> None:
        await self.execute_query("BEGIN IMMEDIATE")

    async def execute_script(self, query: str) -> None:
        """Statement by statement, since the driver's own scripts would commit first."""
        for statement in _statements(query):
            await self.execute_query(statement)


class Client(SqliteClient):
    """A connection whose path may hold any character, and that may be read-only."""

    def __init__(self, file_path: str, *, mode: str = "rwc", **pragmas: Any) -> None:
        super().__init__(file_path, **pragmas)
        self._context = TortoiseContext()
        self._address = f"{Path(file_path).absolute().as_uri()}?mode={mode}"

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            connection = await aiosqlite.connect(self._address, uri=True, isolation_level=None, cached_statements=256)
            try:
                connection.row_factory = sqlite3.Row
                for pragma, value in self.pragmas.items():
                    await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
            except BaseException:
                await connection.close()
                raise
            self._connection = connection

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(Transaction(self), self._lock)

    @contextmanager
    def current(self, connection: SqliteClient) -> Iterator[None]:
        """Tortoise's current connection inside this block, by the one who holds this client.

        Queries are given theirs, but Tortoise asks its current context too: for the dialect, while it builds them.
        """
        with self._context:
            token = self._context.connections.set("default", connection)
            try:
                yield
            finally:
                self._context.connections.reset(token)

    async def end(self) -> None:
        """Give up what was begun; nothing where nothing was."""
        if self._connection is not None:
            await self._connection.rollback()

    async def interrupt(self) -> None:
        """End the query that is running, if any."""
        if self._connection is not None:
            await self._connection.interrupt()


client_class = Client
"How Tortoise finds the class in a module that its configuration names as engine."


async def open_writer(path: Path) -> Client:
    """Deleted content is overwritten where that costs no more writing: what is erased should be gone."""
    writer = Client(
        str(path), connection_name="default", journal_mode="WAL", journal_size_limit=64 << 20, foreign_keys="ON",
        secure_delete="FAST", **_DURABLE, **_ALWAYS,
    )  # fmt: skip
    await writer.create_connection(True)
    return writer


async def open_reader(path: Path) -> Client:
    reader = Client(
        str(path), mode="ro", connection_name="default", query_only="ON", mmap_size=256 << 20, **_ALWAYS
    )  # fmt: skip
    await reader.create_connection(True)
    return reader


async def fetch(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> Sequence[sqlite3.Row]:
    rows: Sequence[Any] = (await client.execute_query(sql, list(values)))[1]
    return rows


async def fetch_value(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> Any:
    """The first column of the first row; None where there is no row."""
    rows = await fetch(client, sql, values)
    return rows[0][0] if rows else None


async def execute(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> int:
    """Give the number of rows that were changed, by triggers and foreign keys too."""
    return (await client.execute_query(sql, list(values)))[0]


async def execute_many(client: BaseDBAsyncClient, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    await client.execute_many(sql, [list(row) for row in rows])


def batches(ids: Sequence[int], size: int = 1000) -> Iterator[list[int]]:
    """SQLite takes a limited number of values in one query."""
    return (list(ids[first : first + size]) for first in range(0, len(ids), size))


def _statements(script: str) -> Iterator[str]:
    """A script's statements; a trigger with its body is one."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
