"""What a GGUF file says of itself, read from its header alone, without loading it.

The header is read through a moving window and never through a mapping: a file that shrinks meanwhile must give an error,
where a mapping would end the server by SIGBUS. Long arrays (vocabularies) are walked over, not decoded; every length
is held against the file's size before anything is allocated for it.
"""

import io
import struct
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.inference.failures import ModelFileMissing, ModelFileTruncated, NotGguf, UnsupportedArchitecture
from engines.inference.gguf.tensor_types import TENSOR_TYPES, tensor_bytes

WINDOW = 256 * 1024
LONGEST_NAME = 64 * 1024
LONGEST_TEXT = 4 * 1024 * 1024
MOST_ENTRIES = 1_000_000
MOST_STRINGS = 4_000_000
KEPT_ARRAY = 4096
"""Arrays of numbers up to this length are kept: what is said layer by layer."""

_SCALARS = {
    0: struct.Struct("<B"), 1: struct.Struct("<b"), 2: struct.Struct("<H"), 3: struct.Struct("<h"),
    4: struct.Struct("<I"), 5: struct.Struct("<i"), 6: struct.Struct("<f"), 7: struct.Struct("<?"),
    10: struct.Struct("<Q"), 11: struct.Struct("<q"), 12: struct.Struct("<d"),
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_U32, _U64 = _SCALARS[4], _SCALARS[10]
_DEFAULT_ALIGNMENT = 32
_MOST_DIMENSIONS = 4
_LARGEST_SIZE = 1 << 50
_ABSURD = 1 << 40


@dataclass(slots=True)
class RawHeader:
    """One file: its entries (arrays longer than KEPT_ARRAY by their length alone) and sums over its tensors."""

    entries: dict[str, Any] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    elements: int = 0
    weights_bytes: int = 0
    byte_size: int = 0
    tensors: int = 0
    types: Counter[int] = field(default_factory=Counter)
    "Bytes by tensor type."


class _Reader:
    """Reads forward through a file of `size` bytes; `at` is where it stands."""

    def __init__(self, file: io.FileIO, path: Path, size: int) -> None:
        self._file = file
        self.path = path
        self.size = size
        self.at = 0
        self._start = 0
        self._window = b""

    def need(self, count: int) -> int:
        """Make `count` bytes from here on available; gives their offset in the window."""
        offset = self.at - self._start
        if offset + count <= len(self._window):
            return offset
        self._reach(self.at + count)
        self._file.seek(self.at)
        self._window = self._file.read(max(count, WINDOW))
        self._start = self.at
        if len(self._window) < count:
            raise ModelFileTruncated(self.path, self.at + len(self._window), self.at + count)
        return 0

    def scalar(self, form: struct.Struct) -> Any:
        offset = self.need(form.size)
        (value,) = form.unpack_from(self._window, offset)
        self.at += form.size
        return value

    def raw(self, count: int) -> bytes:
        offset = self.need(count)
        self.at += count
        return self._window[offset : offset + count]

    def text(self, longest: int) -> str:
        length = self.scalar(_U64)
        if length > longest:
            raise NotGguf(self.path, f"a text of {length:,} bytes in its header")
        return self.raw(length).decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        self.at += count
        self._reach(self.at)

    def _reach(self, end: int) -> None:
        if end > self.size + _ABSURD:
            raise NotGguf(self.path, "its header holds an absurd length")
        if end > self.size:
            raise ModelFileTruncated(self.path, self.size, end)

    def skip_strings(self, count: int) -> None:
        """Walk over `count` texts by their lengths; the loop is what a large vocabulary's time goes into."""
        read = _U64.unpack_from
        left = count
        while left:
            offset = self.need(8)
            window, end, taken = self._window, len(self._window) - 8, 0
            while offset <= end and taken < left:
                offset += 8 + read(window, offset)[0]
                taken += 1
            left -= taken
            self.at = self._start + offset
            self._reach(self.at)


def read_header(path: Path) -> RawHeader:
    """Read one file's header. Raises `ModelFileMissing`, `NotGguf`, `ModelFileTruncated`, `UnsupportedArchitecture`."""
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, 2)
            return _read(_Reader(file, path, size))
    except OSError as error:
        raise ModelFileMissing(path) from error


def _read(reader: _Reader) -> RawHeader:
    tensors, entries = _read_preamble(reader)
    header = RawHeader(byte_size=reader.size, tensors=tensors)
    for _ in range(entries):
        _read_entry(reader, header)
    alignment = header.entries.get("general.alignment", _DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
        raise NotGguf(reader.path, "its alignment is no power of two")
    end = max((_read_tensor(reader, header) for _ in range(tensors)), default=0)
    start = -(-reader.at // alignment) * alignment
    if tensors and start + end > reader.size:
        raise ModelFileTruncated(reader.path, reader.size, start + end)
    if header.weights_bytes > reader.size:
        raise NotGguf(reader.path, "its tensors lie on top of each other")
    return header


def _read_preamble(reader: _Reader) -> tuple[int, int]:
    if reader.size < 4 or reader.raw(4) != b"GGUF":
        raise NotGguf(reader.path, "it does not begin with GGUF" if reader.size else "it is empty")
    version = reader.scalar(_U32)
    if version not in (2, 3):
        raise NotGguf(reader.path, f"version {version} of the format is not known here")
    tensors, entries = reader.scalar(_U64), reader.scalar(_U64)
    if max(tensors, entries) > MOST_ENTRIES:
        raise NotGguf(reader.path, f"it claims {tensors:,} tensors and {entries:,} entries")
    return tensors, entries


def _read_entry(reader: _Reader, header: RawHeader) -> None:
    key = reader.text(LONGEST_NAME)
    kind = reader.scalar(_U32)
    if kind in _SCALARS:
        header.entries[key] = reader.scalar(_SCALARS[kind])
    elif kind == _STRING:
        header.entries[key] = reader.text(LONGEST_TEXT)
    elif kind == _ARRAY:
        _read_array(reader, header, key)
    else:
        raise NotGguf(reader.path, f"an entry of the unknown type {kind}")


def _read_array(reader: _Reader, header: RawHeader, key: str) -> None:
    kind, count = reader.scalar(_U32), reader.scalar(_U64)
    header.lengths[key] = count
    if kind == _STRING:
        if count > MOST_STRINGS:
            raise NotGguf(reader.path, f"an array of {count:,} texts")
        reader.skip_strings(count)
        return
    form = _SCALARS.get(kind)
    if form is None:
        raise NotGguf(reader.path, f"an array of the unknown type {kind}")
    if count > KEPT_ARRAY:
        reader.skip(count * form.size)
        return
    values = reader.raw(count * form.size)
    header.entries[key] = [value for (value,) in form.iter_unpack(values)]


def _read_tensor(reader: _Reader, header: RawHeader) -> int:
    """Count one tensor in; gives where its values end, from the start of the values."""
    reader.text(LONGEST_NAME)
    dimensions = reader.scalar(_U32)
    if dimensions > _MOST_DIMENSIONS:
        raise NotGguf(reader.path, f"a tensor of {dimensions} dimensions")
    elements = 1
    for _ in range(dimensions):
        elements *= reader.scalar(_U64)
    kind, offset = reader.scalar(_U32), reader.scalar(_U64)
    if kind not in TENSOR_TYPES:
        raise UnsupportedArchitecture(f"{reader.path.name} holds tensors of type {kind}, which is not known here.")
    if elements > _LARGEST_SIZE or offset > _LARGEST_SIZE:
        raise NotGguf(reader.path, "a tensor of absurd size")
    size = tensor_bytes(kind, elements)
    header.elements += elements
    header.weights_bytes += size
    header.types[kind] += size
    return int(offset) + size
