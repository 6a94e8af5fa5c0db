"""Files that are being received into the data folder: from uploads, texts, server paths and addresses alike.

A file is written under a random name and hashed while it is received. It is removed later, unless it became an original.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anyio import to_thread

from records.document import ReceivedFile
from records.errors import TooLarge, naming_full_disk

BLOCK_BYTES = 1 << 20
"""Bytes that are hashed and written together, in a thread."""


class IncomingFile:
    """One file while it is received. Created by `IncomingFiles`."""

    def __init__(self, path: Path, max_bytes: int, field: str) -> None:
        with naming_full_disk():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
        self._path = path
        self._max_bytes = max_bytes
        self._field = field
        self._size = 0
        self._digest = hashlib.sha256()
        self._block = bytearray()

    async def write(self, data: bytes) -> None:
        """Append bytes. Raises `TooLarge` at the first byte beyond the limit, and `DiskFull` if the disk is full."""
        self._size += len(data)
        if self._size > self._max_bytes:
            message = f"The file has more than {self._max_bytes:,} bytes, which is the limit."
            raise TooLarge(message, self._max_bytes, field=self._field)
        self._block += data
        if len(self._block) >= BLOCK_BYTES:
            await self._flush()

    async def finish(self, filename: str, content_type: str | None = None) -> ReceivedFile:
        """Complete the file and return it. `filename` and `content_type` are the client's.

        Raises `DiskFull` if the disk is full.
        """
        await self._flush()
        await to_thread.run_sync(self._close)
        return ReceivedFile(self._path, filename, self._size, self._digest.hexdigest(), content_type)

    def remove(self) -> None:
        """Close the file, and delete it unless it was moved. Does not wait: a canceled task can call it."""
        with suppress(OSError):  # bytes that cannot be written are deleted with the file
            self._file.close()
        self._path.unlink(missing_ok=True)

    async def _flush(self) -> None:
        block, self._block = self._block, bytearray()
        await to_thread.run_sync(self._hash_and_write, block)

    def _hash_and_write(self, block: bytearray) -> None:
        self._digest.update(block)
        with naming_full_disk():
            self._file.write(block)

    def _close(self) -> None:
        with naming_full_disk():
            self._file.close()


class IncomingFiles:
    """The folder of files that are being received."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """`max_bytes` is the largest size of one file."""
        self.max_bytes = max_bytes
        self._folder = folder

    def create(self, field: str = "file") -> IncomingFile:
        """Create an empty file. `field` is the argument that errors name. Raises `DiskFull` if the disk is full."""
        return IncomingFile(self._folder / f"{uuid.uuid4().hex}.part", self.max_bytes, field)

    @contextmanager
    def receive(self, field: str) -> Iterator[IncomingFile]:
        """Create a file for the time of the block; delete it at the end unless it was moved.

        Raises `DiskFull` if the disk is full.
        """
        file = self.create(field)
        try:
            yield file
        finally:
            file.remove()
