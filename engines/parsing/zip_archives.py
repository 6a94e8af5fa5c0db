"""Safe handling of ZIP containers: limits the size of their directory, and checks them before a library unpacks them."""

import zipfile
import zlib
from pathlib import Path
from typing import IO

from engines.parsing.parsing_limits import MIB, ParsingLimits, above_limit
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ENTITY_DECLARATION = b"<!ENTITY"
_RATIO_CHECKED_FROM = 10 * MIB
"""Decompressed size above which the compression ratio is checked. Smaller files may compress very well."""
_BLOCK_BYTES = 256 * 1024
_END_RECORD_MARK = b"PK\x05\x06"
_END_RECORD_BYTES = 22
_MAX_END_DISTANCE = _END_RECORD_BYTES + 65_535
"""Maximum distance, in bytes, of the end record from the end of the file: its size and the longest allowed comment."""
_MAX_DIRECTORY_BYTES = 8 * MIB

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
"""Exceptions of `zipfile` for damaged or malicious files."""
UNREADABLE = (*DAMAGED, RuntimeError)
"""Exceptions of `zipfile` for damaged, malicious or encrypted files."""


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a ZIP file. Raises one of `UNREADABLE`.

    A file whose central directory exceeds 8 MiB is rejected, because `zipfile` loads the whole directory into memory.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MAX_END_DISTANCE))
        tail = file.read()
    end = tail[tail.rfind(_END_RECORD_MARK) :] if _END_RECORD_MARK in tail else b""
    if len(end) < _END_RECORD_BYTES or int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile("The central directory is missing or too large.")
    return zipfile.ZipFile(path)


def check_archive(path: Path, limits: ParsingLimits) -> None:
    """Check a ZIP container before it is unpacked. Raises `DocumentUnreadable`.

    The code is PARSER_LIMIT for a bomb and for declared XML entities, CORRUPT_DOCUMENT for a damaged file and
    ENCRYPTED_DOCUMENT for an encrypted one.

    The sizes that the directory declares are checked first. Then every entry is decompressed once, block by block, and the
    data is discarded. `zipfile` returns no more bytes than declared and verifies checksums, so a directory with false sizes
    is reported as damaged.
    """
    try:
        with open_archive(path) as archive:
            _check_declared_sizes(archive, limits)
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    _check_part(part, entry.filename)
    except DAMAGED as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT,
            "The file is damaged: its ZIP container cannot be unpacked. Upload an intact copy.",
        ) from error
    except RuntimeError as error:
        raise DocumentUnreadable(
            ErrorCode.ENCRYPTED_DOCUMENT,
            "The file's ZIP container is encrypted. Remove the password and upload the file again.",
        ) from error


def _check_part(part: IO[bytes], name: str) -> None:
    """Decompress an entry, and raise `DocumentUnreadable` (PARSER_LIMIT) if it declares XML entities.

    Some libraries for Office files expand entities without a limit. Programs that write Office files declare no entities.
    """
    is_xml = name.endswith((".xml", ".rels"))
    before = b""
    while block := part.read(_BLOCK_BYTES):
        if is_xml and _ENTITY_DECLARATION in (before + block).replace(b"\0", b""):
            raise above_limit(
                "The file declares XML entities, which can exhaust memory or expose other files. "
                "Save it again in the program that created it and upload that copy."
            )
        before = block[-4 * len(_ENTITY_DECLARATION) :]


def _check_declared_sizes(archive: zipfile.ZipFile, limits: ParsingLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.archive_entries:
        raise above_limit(
            f"The file's ZIP container has {len(entries):,} entries; the limit is {limits.archive_entries:,}. "
            "Split the document into smaller files."
        )
    inflated = sum(entry.file_size for entry in entries)
    compressed = max(1, Path(archive.filename or "").stat().st_size)
    if inflated > limits.inflated_bytes:
        raise above_limit(
            f"The file unpacks to {inflated / MIB:,.0f} MiB; the limit is {limits.inflated_bytes / MIB:,.0f} MiB. "
            "Split the document into smaller files."
        )
    if inflated > _RATIO_CHECKED_FROM and inflated / compressed > limits.inflation_ratio:
        raise above_limit(
            f"The file unpacks to {inflated / compressed:,.0f} times its size; the limit is {limits.inflation_ratio:,}. "
            "It was rejected as a possible zip bomb."
        )
