"""The last bytes that a child wrote to stdout and stderr, for crash reports."""

import asyncio
import re

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


_PYTHON = re.compile(r'\s*File "(?:[^"\n]*/)?([\w.-]+/[\w.-]+\.py)", line (\d+),? in ([\w<>]+)\s*')
_NATIVE = re.compile(r"(?:\S*/)?([\w-]+\.(?:c|cc|cpp|cu|cuh|h|hpp|m|mm)):(\d+): .*")
_FATAL = re.compile(r"Fatal Python error: (Segmentation fault|Aborted|Bus error|Illegal instruction)\s*")
_KEPT = 40


def places(output: str) -> list[str]:
    """Where a program broke, from what it printed: files, lines and functions, and nothing else.

    A worker holds documents and prompts, and what it prints when it breaks may quote them: messages of exceptions, lines
    of source with their values, a library's last words. So only lines of a known form are kept, and of those the place.
    """
    found = []
    for line in output.splitlines():
        if python := _PYTHON.fullmatch(line):
            found.append(f"{python[1]}:{python[2]} {python[3]}")
        elif native := _NATIVE.fullmatch(line):
            found.append(f"{native[1]}:{native[2]}")
        elif fatal := _FATAL.fullmatch(line):
            found.append(fatal[1])
    return found[-_KEPT:]
