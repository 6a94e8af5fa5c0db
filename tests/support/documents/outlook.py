"""Outlook messages (MSG), written as OLE containers (MS-CFB) with the properties of MS-OXMSG."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_SECTOR = 512
_FREE, _END, _FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_UNICODE, _BINARY, _INTEGER = 0x001F, 0x0102, 0x0003

SUBJECT, BODY, HTML, SENDER_NAME, SENDER_ADDRESS, MESSAGE_CLASS = 0x0037, 0x1000, 0x1013, 0x0C1A, 0x5D01, 0x001A
HEADERS, RTF, CODE_PAGE = 0x007D, 0x1009, 0x3FDE
NAME, ADDRESS, RECIPIENT_TYPE = 0x3001, 0x39FE, 0x0C15
FILE_NAME, MIME_TYPE = 0x3707, 0x370E

Value = str | bytes | int


@dataclass(frozen=True, slots=True)
class OutlookMessage:
    """The properties of a message, and those of its recipients and attachments."""

    properties: Mapping[int, Value]
    recipients: Sequence[Mapping[int, Value]] = ()
    attachments: Sequence["Mapping[int, Value] | OutlookMessage"] = ()


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    content: bytes = b""
    children: list["_Entry"] = field(default_factory=list)


def write_msg(path: Path, message: OutlookMessage) -> None:
    """Write a message to a file."""
    path.write_bytes(_container(_Entry("Root Entry", _ROOT, children=_message_entries(message, b"\0" * 32))))


def write_container(path: Path, streams: Mapping[str, bytes]) -> None:
    """Write an OLE container with these streams, such as `WordDocument` of an old Word file."""
    children = [_Entry(name, _STREAM, content) for name, content in streams.items()]
    path.write_bytes(_container(_Entry("Root Entry", _ROOT, children=children)))


def _message_entries(message: OutlookMessage, header: bytes) -> list[_Entry]:
    entries = _property_entries(message.properties, header)
    for number, properties in enumerate(message.recipients):
        children = _property_entries(properties, b"\0" * 8)
        entries.append(_Entry(f"__recip_version1.0_#{number:08X}", _STORAGE, children=children))
    for number, attachment in enumerate(message.attachments):
        if isinstance(attachment, OutlookMessage):
            inside = _Entry("__substg1.0_3701000D", _STORAGE, children=_message_entries(attachment, b"\0" * 24))
            children = [*_property_entries({}, b"\0" * 8), inside]
        else:
            children = _property_entries(attachment, b"\0" * 8)
        entries.append(_Entry(f"__attach_version1.0_#{number:08X}", _STORAGE, children=children))
    return entries


def _property_entries(properties: Mapping[int, Value], header: bytes) -> list[_Entry]:
    listed, streams = [header], list[_Entry]()
    for name, value in properties.items():
        if isinstance(value, int):
            listed.append(struct.pack("<HHIII", _INTEGER, name, 6, value, 0))
            continue
        kind, content = (_UNICODE, value.encode("utf-16-le")) if isinstance(value, str) else (_BINARY, value)
        listed.append(struct.pack("<HHIII", kind, name, 6, len(content) + (2 if kind == _UNICODE else 0), 0))
        streams.append(_Entry(f"__substg1.0_{name:04X}{kind:04X}", _STREAM, content))
    return [_Entry("__properties_version1.0", _STREAM, b"".join(listed)), *streams]


class _Sectors:
    """Sectors of one size with their allocation table."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.content = bytearray()
        self.table: list[int] = []

    def store(self, content: bytes) -> int:
        """Append `content` and return the number of its first sector; the end marker for empty content."""
        first, count = len(self.table), -(-len(content) // self._size)
        self.content += content.ljust(count * self._size, b"\0")
        self.table += [*range(first + 1, first + count), _END][:count]
        return first if count else _END


def _container(root: _Entry) -> bytes:
    """Return an OLE container. Streams of less than 4,096 bytes are stored in the small sectors of the root entry."""
    entries = _flat(root)
    small, large = _Sectors(64), _Sectors(_SECTOR)
    starts = [(small if len(entry.content) < 4096 else large).store(entry.content) for entry, _, _ in entries]
    root.content = bytes(small.content)
    starts[0] = large.store(root.content)
    small_table = large.store(b"".join(map(_number, small.table)))
    directory = b"".join(_directory_entry(*each, start) for each, start in zip(entries, starts, strict=True))
    first_directory = large.store(directory)
    first_table = len(large.table)
    table_sectors = -(-(first_table + 8) // (_SECTOR // 4))
    table = large.table + [_FAT_SECTOR] * table_sectors
    table += [_FREE] * (table_sectors * (_SECTOR // 4) - len(table))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    small_table_sectors = -(-len(small.table) * 4 // _SECTOR)
    header += struct.pack("<9I", 0, table_sectors, first_directory, 0, 4096, small_table, small_table_sectors, _END, 0)
    header += b"".join(_number(first_table + each) for each in range(table_sectors)).ljust(109 * 4, b"\xff")
    return header + bytes(large.content) + b"".join(map(_number, table))


def _number(value: int) -> bytes:
    return struct.pack("<I", value)


def _flat(root: _Entry) -> list[tuple[_Entry, int, int]]:
    """Return all entries with the numbers of their next sibling and first child."""
    order, numbers = [root], {id(root): 0}
    for entry in order:
        for child in entry.children:
            numbers[id(child)] = len(order)
            order.append(child)
    following = {id(left): numbers[id(right)] for each in order for left, right in pairwise(each.children)}
    return [
        (entry, following.get(id(entry), _FREE), numbers[id(entry.children[0])] if entry.children else _FREE)
        for entry in order
    ]


def _directory_entry(entry: _Entry, following: int, child: int, start: int) -> bytes:
    name = entry.name.encode("utf-16-le")
    length = len(name) + 2 if entry.name else 0
    links = struct.pack("<BBIII", entry.kind, 1, _FREE, following, child)
    place = struct.pack("<IQ", start if entry.content else 0, len(entry.content))
    return name.ljust(64, b"\0") + struct.pack("<H", length) + links + b"\0" * 36 + place
