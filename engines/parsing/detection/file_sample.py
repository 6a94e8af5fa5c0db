"""A file as recognition sees it: its first bytes, its claimed name, and, for archives, the names inside."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from engines.parsing.archives import UNREADABLE, open_archive
from engines.parsing.encodings import HEAD_BYTES, decode_head, looks_like_text

OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
"Old Office files, and new ones that are protected by a password."
_OLE_SEARCHED = 1024 * 1024
_CONTENT_TYPES = "[Content_Types].xml"
_CONTENT_TYPES_BYTES = 1024 * 1024


@dataclass(frozen=True)
class FileSample:
    path: Path
    name: str
    "A hint at best."
    head: bytes

    @classmethod
    def of(cls, path: Path, name: str) -> "FileSample":
        with path.open("rb") as file:
            return cls(path, name, file.read(HEAD_BYTES))

    @property
    def extension(self) -> str:
        """Lower case, with its dot; empty where there is none."""
        return PurePosixPath(self.name.replace("\\", "/")).suffix.lower()

    @cached_property
    def is_text(self) -> bool:
        return looks_like_text(self.head)

    @cached_property
    def text(self) -> str:
        """The beginning of the text; empty for a binary file."""
        return decode_head(self.head) if self.is_text else ""

    @cached_property
    def archive_names(self) -> frozenset[str]:
        """The names in a zip file's directory; empty where there is none that can be read."""
        if not self.head.startswith(b"PK"):
            return frozenset()
        try:
            with open_archive(self.path) as archive:
                return frozenset(archive.namelist())
        except UNREADABLE:
            return frozenset()

    def has_office_part(self, name: str) -> bool:
        """By the directory alone: what is protected by a password can be told, too."""
        return {name, _CONTENT_TYPES} <= self.archive_names

    @cached_property
    def content_types(self) -> bytes:
        """What an Office file says of its own parts; empty for other files, and where it is encrypted."""
        if _CONTENT_TYPES not in self.archive_names:
            return b""
        try:
            with open_archive(self.path) as archive, archive.open(_CONTENT_TYPES) as part:
                return part.read(_CONTENT_TYPES_BYTES)
        except UNREADABLE:
            return b""

    @cached_property
    def is_encrypted_office(self) -> bool:
        if not self.head.startswith(OLE_MARK):
            return False
        with self.path.open("rb") as file:
            return "EncryptedPackage".encode("utf-16-le") in file.read(_OLE_SEARCHED)
