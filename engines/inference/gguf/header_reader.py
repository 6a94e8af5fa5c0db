"""Reads the header of a GGUF file without loading the model.

The file is read through a moving window, never through a memory mapping: a file that shrinks while it is mapped ends the
process by SIGBUS. Long arrays such as vocabularies are skipped, not decoded. Every length is checked against the file's
size before memory is allocated for it. The `gguf` package is not used because it maps the file, needs numpy and takes
seconds for a large vocabulary (docs/decisions/0021).

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

import io
import struct
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.inference.gguf.tensor_types import TENSOR_TYPES, tensor_bytes
from engines.inference.load_failures import ModelFileMissing, ModelFileTruncated, NotGguf, UnsupportedArchitecture
from records.values.text import encodable

WINDOW_BYTES = 256 * 1024
MAX_NAME_BYTES = 64 * 1024
MAX_TEXT_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 1_000_000
MAX_STRINGS = 4_000_000
MAX_KEPT_NUMBERS = 4096
"""Numeric arrays up to this length are stored in the header: they contain one value for each layer."""

_SCALARS = {
    0: struct.Struct("<B"), 1: struct.Struct("<b"), 2: struct.Struct("<H"), 3: struct.Struct("<h"),
    4: struct.Struct("<I"), 5: struct.Struct("<i"), 6: struct.Struct("<f"), 7: struct.Struct("<?"),
    10: struct.Struct("<Q"), 11: struct.Struct("<q"), 12: struct.Struct("<d"),
}  # fmt: skip
"""Layouts of the scalar value types, by their number in the file."""

_STRING, _ARRAY = 8, 9
_U32, _U64 = _SCALARS[4], _SCALARS[10]
_DEFAULT_ALIGNMENT = 32
_MAX_ALIGNMENT = 1 << 20
_MAX_DIMENSIONS = 4
_MAX_TENSOR_SIZE = 1 << 50
_MAX_MISSING_BYTES = 1 << 40
"""If a header points further than this past the end of the file, it is corrupt; otherwise the file is truncated."""


@dataclass(slots=True)
class FileHeader:
    """The header of one file: its metadata entries, and totals over its tensors."""

    entries: dict[str, Any] = field(default_factory=dict)
    "Scalars, strings and short numeric arrays, by key."
    lengths: dict[str, int] = field(default_factory=dict)
    "Number of elements of every array, by key."
    elements: int = 0
    "Number of elements of all tensors."
    weights_bytes: int = 0
    byte_size: int = 0
    tensors: int = 0
    bytes_by_type: Counter[int] = field(default_factory=Counter)
    "Bytes of the tensors, by tensor type."


class _WindowReader:
    """Reads forward through a file of `size` bytes. `position` is the offset of the next byte."""

    def __init__(self, file: io.FileIO, path: Path, size: int) -> None:
        self._file = file
        self.path = path
        self.size = size
        self.position = 0
        self._window = b""
        self._window_start = 0

    def fill(self, count: int) -> int:
        """Make the next `count` bytes available and return their offset in the window."""
        offset = self.position - self._window_start
        if offset + count <= len(self._window):
            return offset
        self._require(self.position + count)
        self._file.seek(self.position)
        self._window = self._file.read(max(count, WINDOW_BYTES))
        self._window_start = self.position
        if len(self._window) < count:
            raise ModelFileTruncated(self.path, self.position + len(self._window), self.position + count)
        return 0

    def scalar(self, layout: struct.Struct) -> Any:
        offset = self.fill(layout.size)
        (value,) = layout.unpack_from(self._window, offset)
        self.position += layout.size
        return value

    def raw(self, count: int) -> bytes:
        offset = self.fill(count)
        self.position += count
        return self._window[offset : offset + count]

    def text(self, max_bytes: int) -> str:
        length = self.scalar(_U64)
        if length > max_bytes:
            raise NotGguf(self.path, f"its header contains a string of {length:,} bytes")
        return self.raw(length).decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        self.position += count
        self._require(self.position)

    def _require(self, end: int) -> None:
        """Raise `ModelFileTruncated` if the file has fewer than `end` bytes."""
        if end > self.size + _MAX_MISSING_BYTES:
            raise NotGguf(self.path, "its header contains an impossible length")
        if end > self.size:
            raise ModelFileTruncated(self.path, self.size, end)

    def skip_strings(self, count: int) -> None:
        """Skip `count` strings by their lengths. Most of the time for a large vocabulary is spent in this loop."""
        read = _U64.unpack_from
        left = count
        while left:
            offset = self.fill(8)
            window, end, skipped = self._window, len(self._window) - 8, 0
            while offset <= end and skipped < left:
                offset += 8 + read(window, offset)[0]
                skipped += 1
            left -= skipped
            self.position = self._window_start + offset
            self._require(self.position)


def read_header(path: Path) -> FileHeader:
    """Read the header of one file.

    Raises `ModelFileMissing` if the file cannot be opened or read, `NotGguf` if it is not a valid GGUF file,
    `ModelFileTruncated` if it ends too early, and `UnsupportedArchitecture` for a version or type that is not known.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, 2)
            return _read(_WindowReader(file, path, size))
    except OSError as error:
        raise ModelFileMissing(path) from error


def _read(reader: _WindowReader) -> FileHeader:
    tensors, entries = _read_preamble(reader)
    header = FileHeader(byte_size=reader.size, tensors=tensors)
    for _ in range(entries):
        _read_entry(reader, header)
    alignment = header.entries.get("general.alignment", _DEFAULT_ALIGNMENT)
    if not _is_alignment(alignment):
        raise NotGguf(reader.path, "its alignment is not a power of two")
    end = max((_read_tensor(reader, header) for _ in range(tensors)), default=0)
    start = -(-reader.position // alignment) * alignment
    if tensors and start + end > reader.size:
        raise ModelFileTruncated(reader.path, reader.size, start + end)
    if header.weights_bytes > reader.size:
        raise NotGguf(reader.path, "its tensors overlap")
    return header


def _is_alignment(value: Any) -> bool:
    return isinstance(value, int) and 0 < value <= _MAX_ALIGNMENT and not value & (value - 1)


def _read_preamble(reader: _WindowReader) -> tuple[int, int]:
    """Read the magic number and the version; return the numbers of tensors and of metadata entries."""
    if reader.size < 4 or reader.raw(4) != b"GGUF":
        raise NotGguf(reader.path, "it does not begin with GGUF" if reader.size else "it is empty")
    version = reader.scalar(_U32)
    if version not in (2, 3):
        raise NotGguf(reader.path, f"version {version} of the format is not supported")
    tensors, entries = reader.scalar(_U64), reader.scalar(_U64)
    if max(tensors, entries) > MAX_ENTRIES:
        raise NotGguf(reader.path, f"it claims to have {tensors:,} tensors and {entries:,} entries")
    return tensors, entries


def _read_entry(reader: _WindowReader, header: FileHeader) -> None:
    key = reader.text(MAX_NAME_BYTES)
    kind = reader.scalar(_U32)
    if kind in _SCALARS:
        header.entries[key] = reader.scalar(_SCALARS[kind])
    elif kind == _STRING:
        header.entries[key] = reader.text(MAX_TEXT_BYTES)
    elif kind == _ARRAY:
        _read_array(reader, header, key)
    else:
        raise NotGguf(reader.path, f"it has an entry of the unknown type {kind}")


def _read_array(reader: _WindowReader, header: FileHeader, key: str) -> None:
    """Store the length of an array; store its values only if they are at most MAX_KEPT_NUMBERS numbers."""
    kind, count = reader.scalar(_U32), reader.scalar(_U64)
    header.lengths[key] = count
    if kind == _STRING:
        if count > MAX_STRINGS:
            raise NotGguf(reader.path, f"it has an array of {count:,} strings")
        reader.skip_strings(count)
        return
    layout = _SCALARS.get(kind)
    if layout is None:
        raise NotGguf(reader.path, f"it has an array of the unknown type {kind}")
    if count > MAX_KEPT_NUMBERS:
        reader.skip(count * layout.size)
        return
    values = reader.raw(count * layout.size)
    header.entries[key] = [value for (value,) in layout.iter_unpack(values)]


def _read_tensor(reader: _WindowReader, header: FileHeader) -> int:
    """Add one tensor to the totals of `header`. Return the offset in the tensor data, in bytes, at which its values end."""
    reader.text(MAX_NAME_BYTES)
    dimensions = reader.scalar(_U32)
    if dimensions > _MAX_DIMENSIONS:
        raise NotGguf(reader.path, f"it has a tensor of {dimensions} dimensions")
    elements = 1
    for _ in range(dimensions):
        elements *= reader.scalar(_U64)
    kind, offset = reader.scalar(_U32), reader.scalar(_U64)
    if kind not in TENSOR_TYPES:
        raise UnsupportedArchitecture(f"{encodable(reader.path.name)} has tensors of the unknown type {kind}.")
    if max(elements, offset) > _MAX_TENSOR_SIZE:
        raise NotGguf(reader.path, "it has a tensor of impossible size")
    size = tensor_bytes(kind, elements)
    header.elements += elements
    header.weights_bytes += size
    header.bytes_by_type[kind] += size
    return int(offset) + size
