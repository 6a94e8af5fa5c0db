"""The last bytes that a child wrote to stdout and stderr, for crash reports."""

import asyncio

RING_BYTES = 64 * 1024


class OutputRing:
    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self._kept = bytearray()

    def write(self, written: bytes) -> None:
        self._kept += written
        del self._kept[: -self._size]

    def tail(self) -> str:
        return self._kept.decode("utf-8", "replace")

    async def follow(self, reader: asyncio.StreamReader) -> None:
        """Keep what the reader gives, to its end."""
        while written := await reader.read(16 * 1024):
            self.write(written)
