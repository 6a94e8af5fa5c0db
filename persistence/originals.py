"""The original files of documents, named by their SHA-256. Names that clients send are never used as paths.

A file is moved into the folder by renaming it, durably. All file operations run in threads.
"""

import shutil
import threading
from contextlib import suppress
from pathlib import Path

from anyio import to_thread

from persistence.database.database import Database
from persistence.database.sqlite import execute, execute_many, fetch
from persistence.fsync import sync
from records.document import ReceivedFile
from records.errors import naming_full_disk

_DIGITS = frozenset("0123456789abcdef")


class Originals:
    """Implements `services.interfaces.original_files.Originals`.

    `folder` contains the files as `ab/abcdef…`; `incoming` contains incomplete uploads. Call `sweep` before any other
    method.
    """

    def __init__(self, database: Database, folder: Path, incoming: Path, *, keep: bool = True) -> None:
        """Without `keep`, `sweep` also removes the originals of READY documents."""
        self._database = database
        self._incoming = incoming
        self._keep = keep
        self._files = _Folder(folder)

    @property
    def byte_size(self) -> int:
        """Size of all originals in bytes: a running total that `sweep` computes."""
        return self._files.byte_size

    async def adopt(self, file: ReceivedFile) -> None:
        await to_thread.run_sync(self._files.move_in, file.path, self.path(file.sha256))
        async with self._database.writing() as transaction:
            await execute(
                transaction,
                "UPDATE documents SET has_original = 1 WHERE sha256 = ? AND status <> 'DELETING' AND NOT has_original",
                [file.sha256],
            )

    async def discard(self, file: ReceivedFile) -> None:
        await to_thread.run_sync(lambda: file.path.unlink(missing_ok=True))

    def path(self, sha256: str) -> Path:
        assert len(sha256) == 64, "a SHA-256 has 64 hexadecimal digits"
        assert _DIGITS.issuperset(sha256), "the digits of a SHA-256 are lower case"
        return self._files.folder / sha256[:2] / sha256

    async def remove(self, sha256: str) -> int:
        """Remove an original. Its documents lose `has_original` first, so that none refers to a missing file."""
        async with self._database.writing() as transaction:
            await execute(transaction, "UPDATE documents SET has_original = 0 WHERE sha256 = ?", [sha256])
        return await to_thread.run_sync(self._files.remove, self.path(sha256))

    async def sweep(self) -> int:
        """Remove incomplete uploads and unreferenced originals, and return the freed bytes.

        Call it at start, before files arrive. `has_original` of every document is corrected.
        """
        async with self._database.reading() as reader:
            rows = await fetch(reader, "SELECT id, sha256, status FROM documents WHERE status <> 'DELETING'")
        referenced = {row["sha256"] for row in rows if self._keep or row["status"] != "READY"}
        freed = await to_thread.run_sync(_empty, self._incoming)
        removed, existing = await to_thread.run_sync(self._files.keep_only, referenced)
        async with self._database.writing() as transaction:
            await execute_many(
                transaction,
                "UPDATE documents SET has_original = ? WHERE id = ? AND has_original <> ?",
                [(row["sha256"] in existing, row["id"], row["sha256"] in existing) for row in rows],
            )
        return freed + removed


class _Folder:
    """A folder of files and the running total of their sizes. Every method blocks; methods may run in several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.byte_size = 0
        self._lock = threading.Lock()

    def move_in(self, received: Path, destination: Path) -> None:
        """Rename a file to its destination, durably; delete it if the destination exists. Raises `DiskFull`."""
        with naming_full_disk():
            sync(received)
            with self._lock:
                if destination.exists():
                    received.unlink(missing_ok=True)
                    return
                parents = (destination.parent, destination.parent.parent)
                new_folders = [folder for folder in parents if not folder.exists()]
                destination.parent.mkdir(parents=True, exist_ok=True)
                received.replace(destination)
                self.byte_size += destination.stat().st_size
            for folder in (destination.parent, *(made.parent for made in new_folders)):
                sync(folder)

    def remove(self, path: Path) -> int:
        """Delete a file and return its size; 0 if it does not exist."""
        with self._lock:
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return 0
            self.byte_size -= size
            with suppress(OSError):  # the folder may contain other files
                path.parent.rmdir()
        return size

    def keep_only(self, names: set[str]) -> tuple[int, set[str]]:
        """Delete all files except `names` and compute the total again. Return the freed bytes, and the names that exist."""
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = _files(self.folder)
        self.byte_size = sum(path.stat().st_size for path in paths)
        removed = sum(self.remove(path) for path in paths if path.name not in names)
        return removed, {path.name for path in paths if path.name in names}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _empty(folder: Path) -> int:
    """Delete the content of a folder, create the folder if needed, and return the freed bytes."""
    freed = sum(path.stat().st_size for path in _files(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return freed
