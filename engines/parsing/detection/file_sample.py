"""The parts of a file that type detection inspects: its first bytes, its name and, for archives, the names of entries."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from engines.parsing.detection.ole_directory import OLE_MARK, ole_names
from engines.parsing.text_encoding import HEAD_BYTES, decode_head, looks_like_text
from engines.parsing.zip_archives import UNREADABLE, open_archive

_CONTENT_TYPES = "[Content_Types].xml"
_MAX_ENTRY_BYTES = 1024 * 1024
_MIMETYPE = "mimetype"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MANIFEST = "META-INF/manifest.xml"
_FIRST_ENTRY = re.compile(rb"mimetype(application/[\w.+-]+)")
_MAX_FIRST_ENTRY = 256
_MANIFEST_TYPE = re.compile(rb'media-type="([\w./+-]+)"[^>]*full-path="/"|full-path="/"[^>]*media-type="([\w./+-]+)"')


@dataclass(frozen=True)
class FileSample:
    """The inspected parts of a file. The directory and entries of an archive are read on first use."""

    path: Path
    name: str
    "The client's name for the file; a hint only."
    head: bytes
    "The first 64 KiB."

    @classmethod
    def read(cls, path: Path, name: str) -> "FileSample":
        """Read the first bytes of a file."""
        with path.open("rb") as file:
            return cls(path, name, file.read(HEAD_BYTES))

    @property
    def extension(self) -> str:
        """The extension of the name, in lower case and with its dot; empty for a name without one."""
        return PurePosixPath(self.name.replace("\\", "/")).suffix.lower()

    @cached_property
    def is_text(self) -> bool:
        """True if the first bytes can be text in some encoding."""
        return looks_like_text(self.head)

    @cached_property
    def text(self) -> str:
        """The first 64 KiB, decoded; empty for a binary file."""
        return decode_head(self.head) if self.is_text else ""

    @cached_property
    def archive_names(self) -> frozenset[str]:
        """The names of the entries of a ZIP file; empty for other files and for an unreadable directory."""
        if not self.head.startswith(b"PK"):
            return frozenset()
        try:
            with open_archive(self.path) as archive:
                return frozenset(archive.namelist())
        except UNREADABLE:
            return frozenset()

    def has_office_part(self, name: str) -> bool:
        """Return True if this is an Office file (a ZIP archive) that contains the entry `name`, a full path in the archive.

        The entries of an encrypted archive can be found, too, because their names are not encrypted.
        """
        return {name, _CONTENT_TYPES} <= self.archive_names

    @cached_property
    def content_types(self) -> bytes:
        """The content of `[Content_Types].xml`, which lists the types of an Office file's parts.

        Empty for other files and for encrypted ones.
        """
        return self._entry(_CONTENT_TYPES)

    @cached_property
    def package_type(self) -> str:
        """The media type that an OpenDocument or EPUB file states in its archive; empty for other files."""
        if stated := self._entry(_MIMETYPE):
            return stated.decode("ascii", errors="replace").strip()
        if self.archive_names and (first := _FIRST_ENTRY.search(self.head[:_MAX_FIRST_ENTRY])):
            return first[1].decode("ascii")  # The entry is encrypted or damaged.
        found = _MANIFEST_TYPE.search(self._entry(_MANIFEST))
        return (found[1] or found[2]).decode("ascii") if found else ""

    def _entry(self, name: str) -> bytes:
        """Return the content of an archive's entry, up to 1 MiB; empty if the entry is missing or encrypted."""
        if name not in self.archive_names:
            return b""
        try:
            with open_archive(self.path) as archive, archive.open(name) as part:
                return part.read(_MAX_ENTRY_BYTES)
        except UNREADABLE:
            return b""

    @cached_property
    def ole_names(self) -> frozenset[str]:
        """The names of the outermost streams and storages of an OLE container in lower case; empty for other files."""
        return ole_names(self.path) if self.head.startswith(OLE_MARK) else frozenset()

    @property
    def is_encrypted_office(self) -> bool:
        """True for a password-protected Office file. If the OLE directory cannot be read, the first 64 KiB are searched."""
        if not self.head.startswith(OLE_MARK):
            return False
        return "encryptedpackage" in self.ole_names or _ENCRYPTED in self.head
