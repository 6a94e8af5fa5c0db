"""Zip containers, looked through before anything unpacks them: how much they say they hold, and whether it is so."""

import zipfile
import zlib
from pathlib import Path
from typing import IO

from engines.parsing.limits import MIB, Limits, above_limit
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ENTITY = b"<!ENTITY"
_ALWAYS_FINE = 10 * MIB
_PIECE = 256 * 1024
_END_MARK = b"PK\x05\x06"
_END_SIZE = 22
_FARTHEST_END = _END_SIZE + 65_535
"""From the file's end: the end record and the longest comment behind it."""
_LARGEST_DIRECTORY = 8 * MIB

UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
"""What zipfile raises over files that are damaged, protected or made to harm."""


def open_archive(path: Path) -> zipfile.ZipFile:
    """Raises one of `UNREADABLE`; also where the directory is too large to be held, which zipfile would do."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _FARTHEST_END))
        tail = file.read()
    end = tail[tail.rfind(_END_MARK) :] if _END_MARK in tail else b""
    if len(end) < _END_SIZE or int.from_bytes(end[12:16], "little") > _LARGEST_DIRECTORY:
        raise zipfile.BadZipFile("no directory, or one that is too large")
    return zipfile.ZipFile(path)


def check_archive(path: Path, limits: Limits) -> None:
    """Raises `DocumentUnreadable`: PARSER_LIMIT for a bomb, CORRUPT_DOCUMENT for a damaged file.

    What the directory declares is summed up first; then every entry is inflated once, piece by piece and thrown away.
    zipfile gives no byte more than declared and compares checksums, so a directory that lies is a damaged one.
    """
    try:
        with open_archive(path) as archive:
            _check_declared(archive, limits)
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    _check_part(part, entry.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: its zip container cannot be unpacked."
        ) from error
    except RuntimeError as error:
        raise DocumentUnreadable(
            ErrorCode.ENCRYPTED_DOCUMENT, "The file's zip container is protected by a password."
        ) from error


def _check_part(part: IO[bytes], name: str) -> None:
    """Not every library that reads Office files is careful with entities; no program that writes such files defines any."""
    is_xml = name.endswith((".xml", ".rels"))
    before = b""
    while piece := part.read(_PIECE):
        if is_xml and _ENTITY in (before + piece).replace(b"\0", b""):
            raise above_limit("The file defines XML entities, as only files do that are made to harm.")
        before = piece[-4 * len(_ENTITY) :]


def _check_declared(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.archive_entries:
        raise above_limit(
            f"The file's zip container has {len(entries):,} entries; {limits.archive_entries:,} are read."
        )
    inflated = sum(entry.file_size for entry in entries)
    packed = max(1, Path(archive.filename or "").stat().st_size)
    if inflated > limits.inflated_bytes:
        raise above_limit(
            f"The file unpacks to {inflated / MIB:,.0f} MiB; {limits.inflated_bytes / MIB:,.0f} MiB are read."
        )
    if inflated > _ALWAYS_FINE and inflated / packed > limits.inflation_ratio:
        raise above_limit(f"The file unpacks to {inflated / packed:,.0f} times its size, as only zip bombs do.")
