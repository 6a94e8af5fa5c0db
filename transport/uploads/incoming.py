"""A file on its way in: hashed and bounded while it is written, under a name of our own. Blocks are written in threads."""

import asyncio
import hashlib
import re
import uuid
from pathlib import Path, PurePosixPath, PureWindowsPath

from records.document import ReceivedFile
from transport.http.bodies import too_large

BLOCK = 1 << 20
LONGEST_NAME = 255
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class IncomingFile:
    def __init__(self, incoming: Path, filename: str | None, content_type: str | None, limit: int) -> None:
        incoming.mkdir(parents=True, exist_ok=True)
        self.path = incoming / f"{uuid.uuid4().hex}.part"
        self._filename = shown_name(filename)
        self._content_type = content_type
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()
        self._block = bytearray()
        self._file = self.path.open("xb")

    async def take(self, data: bytes) -> None:
        """Raises `RequestRefused` with 413 at the first byte beyond the limit."""
        self._size += len(data)
        if self._size > self._limit:
            raise too_large(self._limit, "A file")
        self._block += data
        if len(self._block) >= BLOCK:
            await self._write()

    async def finish(self) -> ReceivedFile:
        await self._write()
        self._file.close()
        return ReceivedFile(self.path, self._filename, self._size, self._digest.hexdigest(), self._content_type)

    def remove(self) -> None:
        """Take away what nobody has adopted."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    async def _write(self) -> None:
        block, self._block = self._block, bytearray()
        await asyncio.to_thread(self._hash_and_write, block)

    def _hash_and_write(self, block: bytearray) -> None:
        self._digest.update(block)
        self._file.write(block)


def shown_name(filename: str | None) -> str:
    """The last part of the client's name for a file, without what cannot be seen."""
    last = PureWindowsPath(PurePosixPath(INVISIBLE.sub("", filename or "")).name).name.strip()
    return last[-LONGEST_NAME:] if last not in ("", ".", "..") else "upload"
