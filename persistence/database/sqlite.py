"""SQLite connections as Tortoise clients, with the SQL functions of Graphlore, and plain SQL through them.

Private API of Tortoise, checked against version 1.1.9: `SqliteClient._connection` and `_lock`,
`SqliteTransactionWrapper._finalized`, `BaseDBAsyncClient._in_transaction`.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.context import TortoiseContext

from persistence.search.tokenizer import index_tokens
from persistence.search.variants import index_terms, index_variants
from records.values.text import comparison_key

BUSY_TIMEOUT_MS = 5000
"""Milliseconds that a connection waits while another program has locked the database."""

FULL_TEXT_INDEXES = ("chunks_fts", "sessions_fts", "messages_fts")
"""The full-text indexes. Each reader has a table with their tokens, such as `temp.chunks_fts_tokens`, of the type
`fts5vocab` with columns `term`, `doc` (row id of the index), `col` (name of a column) and `offset`."""

_DURABLE: dict[str, Any] = {"synchronous": "FULL", "fullfsync": "ON", "checkpoint_fullfsync": "ON"}
"""Each commit waits for the disk, so that it survives `kill -9` and a loss of power; in WAL mode, NORMAL survives only the
former. `fullfsync` has the same effect on macOS and none elsewhere."""

_COMMON: dict[str, Any] = {
    "busy_timeout": BUSY_TIMEOUT_MS, "cache_size": -16_000, "temp_store": "MEMORY", "trusted_schema": "ON",
}  # fmt: skip
"""`trusted_schema` allows triggers to call the functions, whatever SQLite was compiled with."""


def column_sizes_total(sizes: bytes) -> int:
    """Return the number of tokens of a row of a full-text index, from the `sz` of its `docsize` table.

    `sz` consists of the number of tokens of each column as a variable-length integer of SQLite: seven bits in each byte,
    the highest first, with the eighth bit set in all but the last byte.
    """
    total = size = 0
    for byte in sizes:
        size = size << 7 | byte & 0x7F
        if byte < 0x80:
            total, size = total + size, 0
    return total


FUNCTIONS = (index_tokens, index_variants, index_terms, comparison_key, column_sizes_total)
"""SQL functions of one value each, under their Python names. Triggers of the full-text indexes call the first three."""


class Transaction(SqliteTransactionWrapper):
    """A transaction that begins IMMEDIATE. A deferred one fails if another program writes between its read and its write."""

    @property
    def is_open(self) -> bool:
        return not self._finalized

    async def begin(self) -> None:
        await self.execute_query("BEGIN IMMEDIATE")

    async def execute_script(self, query: str) -> None:
        """Execute a script statement by statement. The driver's own method would commit first."""
        for statement in _statements(query):
            await self.execute_query(statement)


class Client(SqliteClient):
    """A connection to a path with any characters, optionally read-only (`mode` is SQLite's `ro` or `rwc`)."""

    def __init__(self, file_path: str, *, mode: str = "rwc", **pragmas: Any) -> None:
        super().__init__(file_path, **pragmas)
        self._context = TortoiseContext()
        self._uri = f"{Path(file_path).absolute().as_uri()}?mode={mode}"

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            connection = await aiosqlite.connect(self._uri, uri=True, isolation_level=None, cached_statements=256)
            try:
                connection.row_factory = sqlite3.Row
                for pragma, value in self.pragmas.items():
                    await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
                for function in FUNCTIONS:
                    await connection.create_function(function.__name__, 1, function, deterministic=True)
            except BaseException:
                await connection.close()
                raise
            self._connection = connection

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(Transaction(self), self._lock)

    @contextmanager
    def current(self, connection: SqliteClient) -> Iterator[None]:
        """Make a connection Tortoise's current one inside the block.

        Queries are passed their connection, but Tortoise reads the dialect from its current one while it builds them.
        """
        with self._context:
            token = self._context.connections.set("default", connection)
            try:
                yield
            finally:
                self._context.connections.reset(token)

    async def rollback(self) -> None:
        """Roll back the open transaction, if any."""
        if self._connection is not None:
            await self._connection.rollback()

    async def interrupt(self) -> None:
        """Stop the running query, if any, with an error."""
        if self._connection is not None:
            await self._connection.interrupt()


client_class = Client
"""Name under which Tortoise looks for the class in the module that its configuration names as engine."""


async def open_writer(path: Path) -> Client:
    """Open the connection that writes. `secure_delete` overwrites erased content where that causes no further writes."""
    writer = Client(
        str(path), connection_name="default", journal_mode="WAL", journal_size_limit=64 << 20, foreign_keys="ON",
        secure_delete="FAST", **_DURABLE, **_COMMON,
    )  # fmt: skip
    await writer.create_connection(True)
    return writer


async def open_reader(path: Path) -> Client:
    """Open a connection that only reads, apart from the temporary tables of tokens (see `FULL_TEXT_INDEXES`)."""
    reader = Client(str(path), mode="ro", connection_name="default", mmap_size=256 << 20, **_COMMON)
    await reader.create_connection(True)
    for index in FULL_TEXT_INDEXES:
        await reader.execute_query(
            f"CREATE VIRTUAL TABLE temp.{index}_tokens USING fts5vocab('main', '{index}', 'instance')"
        )
    await reader.execute_query("PRAGMA query_only = ON")
    return reader


async def fetch(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> Sequence[sqlite3.Row]:
    """Return all rows of a query."""
    rows: Sequence[Any] = (await client.execute_query(sql, list(values)))[1]
    return rows


async def fetch_value(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> Any:
    """Return the first column of the first row, or None without a row."""
    rows = await fetch(client, sql, values)
    return rows[0][0] if rows else None


async def execute(client: BaseDBAsyncClient, sql: str, values: Iterable[Any] = ()) -> int:
    """Execute a statement and return the number of changed rows, including those changed by triggers and foreign keys."""
    return (await client.execute_query(sql, list(values)))[0]


async def execute_many(client: BaseDBAsyncClient, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Execute a statement once for each row of values."""
    await client.execute_many(sql, [list(row) for row in rows])


def batches(ids: Sequence[int], size: int = 1000) -> Iterator[list[int]]:
    """Return ids in batches: a query has a limited number of parameters."""
    return (list(ids[first : first + size]) for first in range(0, len(ids), size))


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script. A trigger with its body is one statement."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
