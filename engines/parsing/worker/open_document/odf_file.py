"""OpenDocument files: the parts of a package or of a flat file, their metadata, and their encryption."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.parsing.parsing_limits import ParsingLimits, check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import check_depth, local_name, parse_xml, streamed_elements
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_CONTENT, _STYLES, _META, _MANIFEST = "content.xml", "styles.xml", "meta.xml", "META-INF/manifest.xml"
_STYLE_GROUPS = frozenset({"styles", "automatic-styles", "master-styles"})
_BODIES = frozenset({"text", "presentation", "drawing"})
_NAMES = {
    "title": "title", "initial-creator": "author", "creator": "last_modified_by", "subject": "subject",
    "description": "comments", "keyword": "keywords", "creation-date": "created", "date": "modified",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OdfFile:
    """An open file. A flat file is one XML document; a package has a part each for content, styles and metadata."""

    path: Path
    limits: ParsingLimits
    archive: zipfile.ZipFile | None
    "None for a flat file."

    @property
    def names(self) -> list[str]:
        return self.archive.namelist() if self.archive else []

    def elements(self) -> Iterator[tuple[Any, float]]:
        """Yield all styles, then the elements of the body, each with the share of the content read so far, 0 to 1."""
        if self.archive and _STYLES in self.names:
            yield from ((element, 0.0) for element, _ in self._streamed(_STYLES))
        yield from self._streamed(_CONTENT)

    def _streamed(self, part: str) -> Iterator[tuple[Any, float]]:
        size = self.archive.getinfo(part).file_size if self.archive else self.path.stat().st_size
        with self.archive.open(part) if self.archive else self.path.open("rb") as source:
            for element in streamed_elements(source, self.limits.nesting, _is_wanted):
                yield element, min(1.0, source.tell() / max(1, size))

    def tree(self, part: str) -> Any:
        """Return the root of a part of a package, or None for a missing one."""
        if not self.archive or part not in self.names:
            return None
        check_size(self.archive.getinfo(part).file_size, self.limits.markup_bytes)
        root = parse_xml(self.archive.read(part)).root
        check_depth(root, self.limits.nesting)
        return root

    def properties(self) -> dict[str, str]:
        """Return the metadata that is not empty. The keys are the names that all readers use, such as `author`."""
        found: dict[str, str] = {}
        root = self.tree(_META)
        if root is None and self.archive is None:
            with self.path.open("rb") as source:
                root = next(
                    streamed_elements(source, self.limits.nesting, lambda each, _: local_name(each) == "meta"), None
                )
        for element in root.iter() if root is not None else ():
            if (name := _NAMES.get(local_name(element))) and (text := one_line(element.text or "")):
                found[name] = f"{found[name]}, {text}" if name == "keywords" and name in found else text
        return found


def _is_wanted(element: Any, depth: int) -> bool:
    """Return True for a style, and for an element directly in the body, such as a paragraph, a table or a slide."""
    if depth not in (2, 3):
        return False
    parent = local_name(element.getparent())
    return parent in _STYLE_GROUPS if depth == 2 else parent in _BODIES


@contextmanager
def open_odf(path: Path, limits: ParsingLimits) -> Iterator[OdfFile]:
    """Check a file and open it. Raises `DocumentUnreadable`."""
    with path.open("rb") as file:
        is_package = file.read(2) == b"PK"
    if not is_package:
        check_size(path.stat().st_size, limits.markup_bytes)
        yield OdfFile(path, limits, None)
        return
    check_archive(path, limits)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT, "The document is encrypted. Remove the password and upload it again."
            )
        if _CONTENT not in names:
            raise DocumentUnreadable(
                ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: its content is missing. Upload an intact copy."
            )
        yield OdfFile(path, limits, archive)
