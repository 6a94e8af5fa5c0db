"""Interface of the folder of original files."""

from pathlib import Path
from typing import Protocol

from records.document import (
    ReceivedFile,
)


class Originals(Protocol):
    """Files by SHA-256 in the data folder."""

    async def adopt(self, file: ReceivedFile) -> None:
        """Move a received file in, durably; where these bytes are here already, only remove the received one."""
        ...

    async def discard(self, file: ReceivedFile) -> None: ...
    def path(self, sha256: str) -> Path: ...
    async def remove(self, sha256: str) -> int:
        """Bytes given back; 0 where it was gone already."""
        ...

    async def byte_size(self) -> int: ...
