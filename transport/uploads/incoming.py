"""Files that are being uploaded: the interface that receives them, and the names that they are shown by."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol

from records.document import ReceivedFile

MAX_NAME = 255
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class IncomingFile(Protocol):
    """A file that is hashed and limited in size while it is written: `services.ingestion.intake.IncomingFile`."""

    async def write(self, data: bytes) -> None:
        """Append bytes. Raises `TooLarge` at the first byte beyond the limit, and `DiskFull`."""
        ...

    async def finish(self, filename: str, content_type: str | None = None) -> ReceivedFile:
        """Complete the file and return it. Raises `DiskFull`."""
        ...

    def remove(self) -> None:
        """Delete the file unless it was moved."""
        ...


class IncomingFiles(Protocol):
    """The folder of files that are being received."""

    def create(self) -> IncomingFile:
        """Create an empty file. Raises `DiskFull`."""
        ...


def shown_name(filename: str | None) -> str:
    """Return the last part of the client's file name, without invisible characters."""
    last = PureWindowsPath(PurePosixPath(INVISIBLE.sub("", filename or "")).name).name.strip()
    return last[-MAX_NAME:] if last not in ("", ".", "..") else "upload"
