"""Documents' files, named by their SHA-256 alone: what clients call them is never a path.

A file is moved in by a rename, after its bytes and before its name are on the disk for good. All file work is done in
threads.
"""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from persistence.database.database import Database
from persistence.database.sqlite import execute, execute_many, fetch
from persistence.fsync import sync
from records.document import ReceivedFile
from records.errors import naming_full_disk

_DIGITS = frozenset("0123456789abcdef")


class Originals:
    """Implements `services.interfaces.original_files.Originals`.

    `folder` holds the files as `ab/abcdef…`; `incoming` holds uploads that are not complete yet.
    """

    def __init__(self, database: Database, folder: Path, incoming: Path, *, keep: bool = True) -> None:
        """`keep` False: the original of a READY document is removed."""
        self._database = database
        self._folder = folder
        self._incoming = incoming
        self._keep = keep

    async def adopt(self, file: ReceivedFile) -> None:
        """Raises `DiskFull`; the received file is still there then."""
        await asyncio.to_thread(_move_in, file.path, self.path(file.sha256))
        async with self._database.writing() as transaction:
            await execute(
                transaction,
                "UPDATE documents SET has_original = 1 WHERE sha256 = ? AND status <> 'DELETING' AND NOT has_original",
                [file.sha256],
            )

    async def discard(self, file: ReceivedFile) -> None:
        await asyncio.to_thread(file.path.unlink, missing_ok=True)

    def path(self, sha256: str) -> Path:
        assert len(sha256) == 64, "a SHA-256 in hexadecimal"
        assert _DIGITS.issuperset(sha256), "its letters are lower-case"
        return self._folder / sha256[:2] / sha256

    async def remove(self, sha256: str) -> int:
        """First no document says that it has it, then it goes."""
        async with self._database.writing() as transaction:
            await execute(transaction, "UPDATE documents SET has_original = 0 WHERE sha256 = ?", [sha256])
        return await asyncio.to_thread(_remove, self.path(sha256))

    async def byte_size(self) -> int:
        return await asyncio.to_thread(_size, self._folder)

    async def sweep(self) -> int:
        """Remove incomplete uploads and the originals that no document needs, and return the freed bytes.

        Call it at the start, before files arrive. `has_original` of every document is corrected.
        """
        async with self._database.reading() as reader:
            rows = await fetch(reader, "SELECT id, sha256, status FROM documents WHERE status <> 'DELETING'")
        claimed = {row["sha256"] for row in rows if self._keep or row["status"] != "READY"}
        freed, there = await asyncio.to_thread(_sweep, self._folder, self._incoming, claimed)
        async with self._database.writing() as transaction:
            await execute_many(
                transaction,
                "UPDATE documents SET has_original = ? WHERE id = ? AND has_original <> ?",
                [(row["sha256"] in there, row["id"], row["sha256"] in there) for row in rows],
            )
        return freed


def _move_in(received: Path, place: Path) -> None:
    with naming_full_disk():
        if place.exists():
            received.unlink(missing_ok=True)
            return
        new_folders = [folder for folder in (place.parent, place.parent.parent) if not folder.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
        sync(received)
        received.replace(place)
        for folder in (place.parent, *(made.parent for made in new_folders)):
            sync(folder)


def _remove(place: Path) -> int:
    try:
        size = place.stat().st_size
        place.unlink()
    except FileNotFoundError:
        return 0
    with suppress(OSError):  # other originals may share the folder
        place.parent.rmdir()
    return size


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _sweep(folder: Path, incoming: Path, claimed: set[str]) -> tuple[int, set[str]]:
    """Give the bytes that came free and the names that stay."""
    freed = _size(incoming)
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    staying = set()
    for path in _files(folder):
        if path.name in claimed:
            staying.add(path.name)
        else:
            freed += _remove(path)
    return freed, staying
