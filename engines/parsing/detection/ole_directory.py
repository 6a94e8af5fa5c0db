"""Names in the directory of an OLE container (Compound File Binary), by which formats are detected.

Source: MS-CFB 2.1 to 2.6.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of an OLE container: an old Office file, or an encrypted new one."""
_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_MAX_NAME_BYTES = 64
_LINKS_AT = 68
"""Offset, within a directory entry, of its links to other entries."""
_SHIFTS = (9, 12)
"""Binary logarithms of the allowed sector sizes in bytes."""
_MAX_SECTORS = 512
"""Maximum number of sectors of the directory that are read."""
_IN_HEADER = 109
"""Number of sectors of the allocation table that the header lists. Only containers above 6.8 MiB have more."""


def ole_names(path: Path) -> frozenset[str]:
    """Return the names of the outermost streams and storages in lower case; empty for a file that is damaged or not OLE.

    The streams of embedded documents are not included. At most 2 MiB are read. Names are in lower case because the format
    compares them without regard to case (MS-CFB 2.6.4).
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
        directory = b"".join(_chain(file, sector, shift, tables))
    return frozenset(_outermost_names(directory))


def _outermost_names(directory: bytes) -> Iterator[str]:
    """Yield the names of the children of the root entry, which are linked as a binary tree."""
    count, seen = len(directory) // _ENTRY_BYTES, set[int]()
    pending = [_links(directory, 0)[2]] if count else []
    while pending:
        number = pending.pop()
        if number >= count or number in seen:
            continue
        seen.add(number)
        left, right, _ = _links(directory, number)
        pending += [left, right]
        start = number * _ENTRY_BYTES
        [length] = struct.unpack_from("<H", directory, start + _MAX_NAME_BYTES)
        if 2 < length <= _MAX_NAME_BYTES:
            yield directory[start : start + length - 2].decode("utf-16-le", errors="replace").lower()


def _links(directory: bytes, number: int) -> tuple[int, int, int]:
    """Return the numbers of the left sibling, the right sibling and the child of the entry with this number."""
    left, right, child = struct.unpack_from("<III", directory, number * _ENTRY_BYTES + _LINKS_AT)
    return left, right, child


def _chain(file: BinaryIO, sector: int, shift: int, tables: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the content of a chain of sectors, which the allocation table links, from `sector` on.

    `shift` is the binary logarithm of the sector size, and `tables` are the sectors of the allocation table.
    """
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
