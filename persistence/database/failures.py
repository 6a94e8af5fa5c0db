"""SQLite's conditions as named errors, in words for people."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tortoise.exceptions import BaseORMException

from records.codes import ErrorCode
from records.errors import Busy, DiskFull, ExpectedError

_UNUSABLE = {
    sqlite3.SQLITE_CORRUPT: "It is damaged: put a backup in its place.",
    sqlite3.SQLITE_NOTADB: "It is no database: put a backup in its place, or move it away to start anew.",
    sqlite3.SQLITE_CANTOPEN: "See that its folder is there and that the server may write to it.",
    sqlite3.SQLITE_READONLY: "See that the server may write to it and to its folder.",
}
NO_SPACE = 1 << 20
"Bytes: where less is free, an I/O error means that the disk is full."


class DatabaseUnusable(ExpectedError):
    code = ErrorCode.INTERNAL

    def __init__(self, path: Path, hint: str) -> None:
        super().__init__(f"The database {path.name} cannot be used. {hint}")


class DatabaseTooNew(ExpectedError):
    code = ErrorCode.INTERNAL

    def __init__(self, path: Path, migration: str) -> None:
        super().__init__(
            f"The database {path.name} was written by a newer Graphlore (it knows {migration}). Start that one, or put a "
            "backup that was made before the update in its place."
        )


class DatabaseLocked(Busy):
    def __init__(self) -> None:
        super().__init__("Another program has locked the database. Try again.", queue_depth=0, retry_after_ms=1000)


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says into `DiskFull`, `DatabaseLocked` and `DatabaseUnusable`; what is left is a surprise."""
    try:
        yield
    except (sqlite3.Error, BaseORMException) as surprise:
        named = _named(surprise, path)
        if named is None:
            raise
        raise named from surprise


def _named(surprise: sqlite3.Error | BaseORMException, path: Path) -> ExpectedError | None:
    cause = surprise if isinstance(surprise, sqlite3.Error) else _wrapped(surprise)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds of one condition apart
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _free(path) < NO_SPACE):
        return DiskFull()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseLocked()
    return DatabaseUnusable(path, _UNUSABLE[code]) if code in _UNUSABLE else None


def _free(path: Path) -> int:
    return shutil.disk_usage(path.parent).free


def _wrapped(surprise: BaseORMException) -> object:
    """Tortoise hands on the driver's error as its only argument."""
    return surprise.args[0] if surprise.args else None
