"""A file that is being uploaded: hashed and bounded while it is written, under a name of the server's own."""

import hashlib
import uuid
from pathlib import Path

from anyio import to_thread

from records.document import ReceivedFile
from transport.http.request_body import too_large
from transport.uploads.file_names import display_name

BLOCK = 1 << 20
"""Bytes that are hashed and written at a time, in a thread."""


class IncomingFile:
    """Writes an upload of at most `limit` bytes into the folder `incoming`."""

    def __init__(self, incoming: Path, filename: str | None, content_type: str | None, limit: int) -> None:
        incoming.mkdir(parents=True, exist_ok=True)
        self.path = incoming / f"{uuid.uuid4().hex}.part"
        self._filename = display_name(filename)
        self._content_type = content_type
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()
        self._block = bytearray()
        self._file = self.path.open("xb")

    async def write(self, data: bytes) -> None:
        """Append data. Raises `RequestRejected` with 413 at the first byte beyond the limit."""
        self._size += len(data)
        if self._size > self._limit:
            raise too_large(self._limit, "A file")
        self._block += data
        if len(self._block) >= BLOCK:
            await self._write_block()

    async def finish(self) -> ReceivedFile:
        """Write the rest, close the file and return its description."""
        await self._write_block()
        self._file.close()
        return ReceivedFile(self.path, self._filename, self._size, self._digest.hexdigest(), self._content_type)

    def remove(self) -> None:
        """Close the file and delete it, unless an operation has moved it away."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    async def _write_block(self) -> None:
        block, self._block = self._block, bytearray()
        await to_thread.run_sync(self._hash_and_write, block)

    def _hash_and_write(self, block: bytearray) -> None:
        self._digest.update(block)
        self._file.write(block)
