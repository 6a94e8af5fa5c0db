"""The parts of an Excel workbook (OOXML): its sheets, shared strings and cell styles.

Elements are found by their local names, so that the namespaces of the strict variant of the format are read, too.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from engines.parsing.worker.markup.xml_tree import local_name, parse_xml
from engines.parsing.worker.sheets.number_formats import GENERAL, builtin_format
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_USUAL_WORKBOOK = "xl/workbook.xml"


@dataclass(frozen=True, slots=True)
class CellStyle:
    """The style of a cell: its number format (`code`), and True for bold text."""

    code: str
    is_bold: bool


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet in the list of the workbook."""

    name: str
    path: str
    is_hidden: bool
    kind: str
    "Last part of the relationship type, such as `worksheet` or `chartsheet`."


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship from one part to another, or to a target outside of the file."""

    kind: str
    target: str


class PackageParts:
    """The parts of an Office file and their relationships."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}

    def main_part(self, usual: str) -> str:
        """Return the name of the part that contains the document itself; `usual` if no relationship states it."""
        documents = (each.target for each in self.related("").values() if each.kind == "officeDocument")
        return next(documents, usual)

    def open_sheet(self, path: str) -> IO[bytes]:
        """Open the part of a sheet. Raises `DocumentUnreadable` (CORRUPT_DOCUMENT) if there is none."""
        part = self.open(path)
        if part is None:
            raise DocumentUnreadable(
                ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: a sheet is missing in it. Upload an intact copy."
            )
        return part

    def open(self, path: str) -> IO[bytes] | None:
        """Open a part, whose name is compared without regard to case; return None if there is no such part."""
        name = self._names.get(path.lower())
        return self.archive.open(name) if name else None

    def root(self, path: str) -> Any:
        """Return the root element of a part; None if there is none."""
        part = self.open(path)
        if part is None:
            return None
        with part:
            return parse_xml(part.read()).root

    def related(self, path: str) -> dict[str, Relationship]:
        """Return the relationships of a part by their identifiers. For an empty path, return those of the whole file."""
        folder, _, name = path.rpartition("/")
        root = self.root(f"{folder}/_rels/{name}.rels".lstrip("/"))
        return {element.get("Id", ""): _relationship(element, folder) for element in (root if root is not None else ())}


class WorkbookParts(PackageParts):
    """The parts of a workbook that are needed to read its cells: list of sheets, shared strings, styles and persons."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(archive)
        workbook = self.main_part(_USUAL_WORKBOOK)
        root = self.root(workbook)
        if root is None:
            raise no_workbook()
        related = self.related(workbook)
        self.sheets = [part for element in _find(root, "sheet") if (part := _sheet_part(element, related))]
        if not self.sheets:
            raise no_workbook()
        self.date1904 = any(element.get("date1904") in ("1", "true") for element in _find(root, "workbookPr"))
        paths = {relationship.kind: relationship.target for relationship in related.values()}
        self.styles = _styles(self.root(paths.get("styles", "")))
        self.strings = list(_strings(self, paths.get("sharedStrings", "")))
        self.persons = self._persons(paths.get("person", ""))

    def _persons(self, path: str) -> dict[str, str]:
        """Return the names of the authors of threaded comments, by their identifiers."""
        root = self.root(path)
        persons = _find(root, "person") if root is not None else ()
        return {person.get("id", ""): person.get("displayName", "") for person in persons}


def no_workbook() -> DocumentUnreadable:
    """Return the error (CORRUPT_DOCUMENT) for a workbook without a list of sheets."""
    return DocumentUnreadable(
        ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: it has no list of sheets. Upload an intact copy."
    )


def _relationship(element: Any, folder: str) -> Relationship:
    target = element.get("Target", "").replace("\\", "/")
    if element.get("TargetMode") != "External":
        target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return Relationship(element.get("Type", "").rpartition("/")[2], target)


def _find(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if local_name(element) == name)


def _sheet_part(element: Any, related: dict[str, Relationship]) -> SheetPart | None:
    relationship = related.get(next((value for key, value in element.attrib.items() if key.endswith("}id")), ""))
    if relationship is None:
        return None
    is_hidden = element.get("state", "visible") != "visible"
    return SheetPart(element.get("name", ""), relationship.target, is_hidden, relationship.kind)


def _styles(root: Any) -> list[CellStyle]:
    """Return the styles of cells, in the order of the indexes by which cells refer to them."""
    if root is None:
        return []
    codes = {element.get("numFmtId"): element.get("formatCode", GENERAL) for element in _find(root, "numFmt")}
    fonts = next(_find(root, "fonts"), ())
    bold = [
        any(local_name(part) == "b" and part.get("val", "1") not in ("0", "false") for part in font) for font in fonts
    ]
    styles = []
    for element in next(_find(root, "cellXfs"), ()):
        number, font = element.get("numFmtId", "0"), element.get("fontId", "0")
        code = codes.get(number) or (builtin_format(int(number)) if number.isdigit() else GENERAL)
        styles.append(CellStyle(code, font.isdigit() and int(font) < len(bold) and bold[int(font)]))
    return styles


def _strings(parts: WorkbookParts, path: str) -> Iterator[str]:
    """Yield the shared strings, in the order of the indexes by which cells refer to them, without phonetic readings."""
    from lxml import etree

    part = parts.open(path)
    if part is None:
        return
    with part:
        for _, element in etree.iterparse(part, tag="{*}si", resolve_entities=False, no_network=True):
            yield rich_text(element)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def rich_text(element: Any) -> str:
    """Return the text of an element whose parts can have different formatting. Omit phonetic readings."""
    texts = (part for part in element.iter() if local_name(part) == "t" and local_name(part.getparent()) != "rPh")
    return "".join(part.text or "" for part in texts)
