"""The last bytes that a child wrote to stdout and stderr, for crash reports."""

import asyncio
import re

RING_BYTES = 64 * 1024


class OutputRing:
    """Keeps the last `size` bytes of a process's output."""

    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self._kept = bytearray()

    def write(self, output: bytes) -> None:
        self._kept += output
        del self._kept[: -self._size]

    def tail(self) -> str:
        """Return the last `size` bytes as text. Invalid UTF-8 is replaced."""
        return self._kept.decode("utf-8", "replace")

    async def read_from(self, reader: asyncio.StreamReader) -> None:
        """Read a stream to its end and keep its last bytes."""
        while output := await reader.read(16 * 1024):
            self.write(output)


_PYTHON = re.compile(r'\s*File "(?:[^"\n]*/)?([\w.-]+/[\w.-]+\.py)", line (\d+),? in ([\w<>]+)\s*')
_NATIVE = re.compile(r"(?:\S*/)?([\w-]+\.(?:c|cc|cpp|cu|cuh|h|hpp|m|mm)):(\d+): .*")
_FATAL = re.compile(r"Fatal Python error: (Segmentation fault|Aborted|Bus error|Illegal instruction)\s*")
_MAX_LOCATIONS = 40


def error_locations(output: str) -> list[str]:
    """Return the code locations in a program's output, each with a file, a line number and possibly a function.

    The output of a crashed worker may quote documents and prompts, for example in messages of exceptions. So that such
    text is never logged, only lines in the formats of Python and of native libraries are read, and only the location is
    taken from them.
    """
    found = []
    for line in output.splitlines():
        if python := _PYTHON.fullmatch(line):
            found.append(f"{python[1]}:{python[2]} {python[3]}")
        elif native := _NATIVE.fullmatch(line):
            found.append(f"{native[1]}:{native[2]}")
        elif fatal := _FATAL.fullmatch(line):
            found.append(fatal[1])
    return found[-_MAX_LOCATIONS:]
