"""Packages of Office Open XML: their parts, the relationships between parts, and streamed XML."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.markup.xml_tree import check_depth, local_name, parse_xml, streamed_elements
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ROOT_RELATIONS = "_rels/.rels"
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAME = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)(/\w+)?")
_RENAMED = {b"/extendedProperties": b"/extended-properties", b"/customProperties": b"/custom-properties"}
_MAX_NAME_BYTES = 256
"""Number of bytes at the end of a block that are processed with the next one, so that no namespace name is cut off.

It is larger than the longest name.
"""
_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship from a part of a package to another part or to an address outside of the package."""

    kind: str
    "Last segment of the relationship's type, such as `header` or `hyperlink`."
    target: str
    "Name of a part, or an address."
    is_external: bool


class OfficePackage:
    """The parts of an Office Open XML file.

    The namespaces of the strict variant of the format are replaced by those of the usual, transitional variant.
    """

    def __init__(self, archive: zipfile.ZipFile, limits: ParsingLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._names = {name.lower(): name for name in archive.namelist()}
        self._is_strict = _STRICT in self.content(_ROOT_RELATIONS)

    @cached_property
    def main(self) -> str:
        """The name of the main part. Raises `DocumentUnreadable` (CORRUPT_DOCUMENT) if there is none."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and self.has(relation.target):
                return relation.target
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: its main part is missing. Upload an intact copy."
        )

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def has(self, name: str) -> bool:
        return name.lower() in self._names

    def content(self, name: str) -> bytes:
        """Return the bytes of a part; empty for a missing one."""
        return self._archive.read(self._names[name.lower()]) if self.has(name) else b""

    def relations(self, part: str) -> dict[str, Relation]:
        """Return the relationships of a part by their ids; `part` is empty for those of the package."""
        folder, name = posixpath.split(part)
        content = self.content(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for element in parse_xml(content).root if content else ():
            target, is_external = element.get("Target") or "", element.get("TargetMode") == "External"
            if not is_external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            found[element.get("Id") or ""] = Relation(
                (element.get("Type") or "").rpartition("/")[2], target, is_external
            )
        return found

    def tree(self, name: str) -> Any:
        """Return the root of an XML part without comments and processing instructions; None for a missing part."""
        if not self.has(name):
            return None
        content = self.content(name)
        root = parse_xml(_transitional(content) if self._is_strict else content).root
        check_depth(root, self._limits.nesting)
        return root

    def streamed_children(self, name: str, depth: int) -> Iterator[tuple[Any, float]]:
        """Yield the elements of a part at a depth, 1 for the children of the root, while the part is read.

        Each comes with the share of the part that has been read, 0 to 1.
        """
        size = max(1, self._archive.getinfo(self._names[name.lower()]).file_size)
        with self._archive.open(self._names[name.lower()]) as part:
            source = _TransitionalStream(part) if self._is_strict else part
            for element in streamed_elements(source, self._limits.nesting, lambda _, level: level == depth):
                yield element, min(1.0, part.tell() / size)


class _TransitionalStream:
    """A file whose strict namespaces are replaced by transitional ones while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._pending = b""

    def read(self, size: int = -1) -> bytes:
        while block := self._source.read(_BLOCK_BYTES if size < 0 else max(size, _MAX_NAME_BYTES)):
            self._pending += block
            end = self._complete_end()
            if end > 0:
                ready, self._pending = self._pending[:end], self._pending[end:]
                return _transitional(ready)
        ready, self._pending = self._pending, b""
        return _transitional(ready)

    def _complete_end(self) -> int:
        """Return the offset up to which the pending bytes contain only complete namespace names."""
        end = len(self._pending) - _MAX_NAME_BYTES
        for match in _STRICT_NAME.finditer(self._pending):
            if match.start() < end < match.end():
                return match.start()
        return end


def _transitional(content: bytes) -> bytes:
    """Return XML with strict namespaces, such as `…/ooxml/wordprocessingml/main`, replaced by the transitional ones."""
    return _STRICT_NAME.sub(_transitional_name, content)


def _transitional_name(match: re.Match[bytes]) -> bytes:
    rest = match[2] or b""
    return b"http://schemas.openxmlformats.org/" + match[1] + b"/2006" + _RENAMED.get(rest, rest)


@contextmanager
def open_package(path: Path, limits: ParsingLimits) -> Iterator[OfficePackage]:
    """Check a file and open it as a package. Raises `DocumentUnreadable`."""
    check_archive(path, limits)
    with zipfile.ZipFile(path) as archive:
        yield OfficePackage(archive, limits)


def attribute(element: Any, name: str) -> str:
    """Return the value of the attribute with this local name, in any namespace; empty if there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def is_on(element: Any, default: bool = False) -> bool:
    """Return the value of an on/off element such as `<w:b/>`; return `default` if the element is None."""
    if element is None:
        return default
    return attribute(element, "val").lower() not in ("0", "false", "off", "none")


def child(element: Any, *path: str) -> Any:
    """Return the first descendant along a path of local names; None if there is none or `element` is None."""
    for name in path:
        element = next((each for each in element if local_name(each) == name), None) if element is not None else None
    return element


def value(element: Any, *path: str) -> str:
    """Return the attribute `val` of the first descendant along a path of local names; empty if there is none."""
    found = child(element, *path)
    return attribute(found, "val") if found is not None else ""
