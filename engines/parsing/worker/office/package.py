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
"""Bytes at the end of a block that are kept for the next one: more than the longest name of a namespace."""
_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of a part to another part or to an address."""

    kind: str
    "Last segment of the relationship's type, such as `header` or `hyperlink`."
    target: str
    "Name of a part, or an address."
    is_external: bool


class OfficePackage:
    """The parts of a file. Strict files are read as transitional ones: their namespaces are replaced."""

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
        """Return the root of an XML part, or None for a missing one. Comments and processing instructions are left out."""
        if not self.has(name):
            return None
        content = self.content(name)
        root = parse_xml(_transitional(content) if self._is_strict else content).root
        check_depth(root, self._limits.nesting)
        return root

    def streamed_children(self, name: str, depth: int) -> Iterator[tuple[Any, float]]:
        """Yield the elements at a depth, 1 for children of the root, each with the share of the part that was read."""
        size = max(1, self._archive.getinfo(self._names[name.lower()]).file_size)
        with self._archive.open(self._names[name.lower()]) as part:
            source = _TransitionalStream(part) if self._is_strict else part
            for element in streamed_elements(source, self._limits.nesting, lambda _, level: level == depth):
                yield element, min(1.0, part.tell() / size)


class _TransitionalStream:
    """A file whose strict namespaces are replaced while it is read."""

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
        """Return the offset up to which no name is cut off."""
        end = len(self._pending) - _MAX_NAME_BYTES
        for match in _STRICT_NAME.finditer(self._pending):
            if match.start() < end < match.end():
                return match.start()
        return end


def _transitional(content: bytes) -> bytes:
    """Replace the namespaces of strict files, such as `…/ooxml/wordprocessingml/main`, by the transitional ones."""
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
    """Return the value of an attribute by its local name, in any namespace; empty without one."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def is_on(element: Any, default: bool = False) -> bool:
    """Return the value of a switch such as `<w:b/>`; `default` if the element is missing."""
    if element is None:
        return default
    return attribute(element, "val").lower() not in ("0", "false", "off", "none")


def child(element: Any, *path: str) -> Any:
    """Return the first descendant along a path of local names, or None."""
    for name in path:
        element = next((each for each in element if local_name(each) == name), None) if element is not None else None
    return element


def value(element: Any, *path: str) -> str:
    """Return the `val` attribute of the descendant at a path of local names; empty without one."""
    found = child(element, *path)
    return attribute(found, "val") if found is not None else ""
