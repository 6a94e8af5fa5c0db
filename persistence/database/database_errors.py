"""Expected failures of SQLite as named errors."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tortoise.exceptions import BaseORMException

from records.codes import ErrorCode
from records.errors import Busy, DiskFull, ExpectedError

_ADVICE = {
    sqlite3.SQLITE_CORRUPT: "It is damaged. Replace it by a backup.",
    sqlite3.SQLITE_NOTADB: "It is not a database. Replace it by a backup, or move it away to start with an empty one.",
    sqlite3.SQLITE_CANTOPEN: "Check that its folder exists and that the server may write to it.",
    sqlite3.SQLITE_READONLY: "Check that the server may write to it and to its folder.",
}
MIN_FREE_BYTES = 1 << 20
"""Free bytes of the disk below which an I/O error is reported as a full disk."""


class DatabaseUnusable(ExpectedError):
    code = ErrorCode.INTERNAL

    def __init__(self, path: Path, advice: str) -> None:
        super().__init__(f"The database {path.name} cannot be used. {advice}")


class DatabaseTooNew(ExpectedError):
    code = ErrorCode.INTERNAL

    def __init__(self, path: Path, migration: str) -> None:
        super().__init__(
            f"The database {path.name} was written by a newer version of Graphlore (migration {migration}). Start that "
            "version, or replace the database by a backup from before the update."
        )


class DatabaseLocked(Busy):
    def __init__(self) -> None:
        super().__init__("Another program has locked the database. Try again.", queue_depth=0, retry_after_ms=1000)


@contextmanager
def named_database_errors(path: Path) -> Iterator[None]:
    """Raise `DiskFull`, `DatabaseLocked` or `DatabaseUnusable` in place of SQLite's errors. Other errors pass unchanged."""
    try:
        yield
    except (sqlite3.Error, BaseORMException) as error:
        named = _named(error, path)
        if named is None:
            raise
        raise named from error


def _named(error: sqlite3.Error | BaseORMException, path: Path) -> ExpectedError | None:
    cause = error if isinstance(error, sqlite3.Error) else _cause(error)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary result code
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _free_bytes(path) < MIN_FREE_BYTES):
        return DiskFull()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseLocked()
    return DatabaseUnusable(path, _ADVICE[code]) if code in _ADVICE else None


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path.parent).free


def _cause(error: BaseORMException) -> object:
    """Return the driver's error, which Tortoise passes as the only argument."""
    return error.args[0] if error.args else None
