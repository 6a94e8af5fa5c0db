"""Interface of the folder of original files, implemented by `persistence/originals.py`."""

from pathlib import Path
from typing import Protocol

from records.document import ReceivedFile


class Originals(Protocol):
    """The original files of documents in the data folder, named by their SHA-256."""

    async def adopt(self, file: ReceivedFile) -> None:
        """Move a received file into the folder, durably. If its bytes are stored already, only remove the received file.

        Raises `DiskFull` if the disk is full, and keeps the received file.
        """
        ...

    async def discard(self, file: ReceivedFile) -> None:
        """Remove a received file, if it exists."""
        ...

    def path(self, sha256: str) -> Path:
        """Return the path of an original; the file need not exist."""
        ...

    async def remove(self, sha256: str) -> int:
        """Remove an original and return its size in bytes; 0 if it does not exist."""
        ...
