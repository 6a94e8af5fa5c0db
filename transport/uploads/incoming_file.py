"""The interface that receives uploaded files."""

from typing import Protocol

from records.document import ReceivedFile


class IncomingFile(Protocol):
    """A file that is hashed and limited in size while it is written."""

    async def write(self, data: bytes) -> None:
        """Append bytes. Raises `TooLarge` if the file exceeds its maximum size, and `DiskFull` if the disk is full."""
        ...

    async def finish(self, filename: str, content_type: str | None = None) -> ReceivedFile:
        """Complete the file and return it. Raises `DiskFull` if the disk is full."""
        ...

    def remove(self) -> None:
        """Delete the file, unless its receiver has moved it to another folder."""
        ...


class IncomingFiles(Protocol):
    """The folder of files that are being received."""

    def create(self) -> IncomingFile:
        """Create an empty file. Raises `DiskFull` if the disk is full."""
        ...
