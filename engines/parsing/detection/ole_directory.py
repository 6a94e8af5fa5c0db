"""Names in the directory of an OLE container (Compound File Binary), which tell its format. Source: MS-CFB 2.1 to 2.6."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of an OLE container: an old Office file, or an encrypted new one."""
_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_MAX_NAME_BYTES = 64
_SHIFTS = (9, 12)
"""Logarithms of the sizes of a sector."""
_MAX_SECTORS = 512
"""Sectors of the directory that are read."""
_IN_HEADER = 109
"""Sectors of the allocation table that the header lists. Containers with more are larger than 6.8 MiB."""


def ole_names(path: Path) -> frozenset[str]:
    """Return the names of the streams and storages in lower case; empty for other and for damaged files.

    Reads at most 2 MiB. The names of a container are compared without regard to case (MS-CFB 2.6.4).
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        if not header.startswith(OLE_MARK) or len(header) < _HEADER_BYTES:
            return frozenset()
        [shift] = struct.unpack_from("<H", header, 30)
        if shift not in _SHIFTS:
            return frozenset()
        [sector] = struct.unpack_from("<I", header, 48)
        tables = struct.unpack_from(f"<{_IN_HEADER}I", header, 76)
        return frozenset(name for each in _chain(file, sector, shift, tables) for name in _names(each))


def _chain(file: BinaryIO, sector: int, shift: int, tables: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the sectors of the directory, as the allocation table links them."""
    per_table = (1 << shift) // 4
    for _ in range(_MAX_SECTORS):
        file.seek((sector + 1) << shift)
        content = file.read(1 << shift)
        if not content:
            return
        yield content
        if sector // per_table >= len(tables):
            return
        file.seek(((tables[sector // per_table] + 1) << shift) + 4 * (sector % per_table))
        following = file.read(4)
        if len(following) < 4:
            return
        [sector] = struct.unpack("<I", following)


def _names(sector: bytes) -> Iterator[str]:
    for start in range(0, len(sector) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        [length] = struct.unpack_from("<H", sector, start + _MAX_NAME_BYTES)
        if 2 < length <= _MAX_NAME_BYTES:
            yield sector[start : start + length - 2].decode("utf-16-le", errors="replace").lower()
