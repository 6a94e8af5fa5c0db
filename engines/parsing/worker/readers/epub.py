"""EPUB: a zip of web pages, read in the order of its spine."""

import posixpath
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from engines.parsing.archives import check_archive
from engines.parsing.cleaning import one_line
from engines.parsing.formats.epub import CONTAINER
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block, BlockKind, is_heading
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.trees import local_name, tree_of
from engines.parsing.worker.webpage import clean_page, page_blocks
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ENCRYPTION = "META-INF/encryption.xml"
_CONTENTS = "application/x-dtbncx+xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_PROPERTIES = {
    "creator": "author",
    "language": "language",
    "publisher": "publisher",
    "date": "created",
    "subject": "subject",
    "description": "comments",
    "identifier": "identifier",
}


@dataclass(frozen=True, slots=True)
class _Book:
    title: str | None
    properties: dict[str, str]
    chapters: list[str]
    "Names in the archive, in reading order."
    headings: dict[str, str]
    "What the table of contents calls them."


def read(reading: Reading) -> Iterator[Block]:
    check_archive(reading.path, reading.limits)
    with zipfile.ZipFile(reading.path) as archive:
        book = _book(archive, reading)
        reading.title = book.title
        reading.properties.update(book.properties)
        missing, without = [], []
        for number, name in enumerate(book.chapters, 1):
            blocks = _chapter(archive, name, reading)
            if blocks is None:
                missing.append(number)
                continue
            if not blocks:
                without.append(number)
            reading.fraction = number / len(book.chapters)
            yield from _under_heading(blocks, book.headings.get(name))
    reading.note_missing(missing, len(book.chapters), "chapters", "are missing in the file")
    reading.note_missing(without, len(book.chapters), "chapters", "have no text")


def _chapter(archive: zipfile.ZipFile, name: str, reading: Reading) -> list[Block] | None:
    """None where the file has none of this name."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    check_size(entry.file_size, reading.limits.markup_bytes)
    return list(page_blocks(clean_page(archive.read(entry), reading, is_website=False), reading))


def _under_heading(blocks: list[Block], heading: str | None) -> list[Block]:
    """Some books say what a heading is in their table of contents alone."""
    if not blocks or not heading or any(is_heading(block) for block in blocks):
        return blocks
    rest = blocks[1:] if blocks[0].text == heading else blocks
    return [Block(BlockKind.HEADING, heading, level=1), *rest]


def _headings(archive: zipfile.ZipFile, items: Iterable[Any], folder: str, reading: Reading) -> dict[str, str]:
    """By chapter: the first entry for it, in the contents of EPUB 3, else in those of EPUB 2."""
    listed = [item for item in items if "nav" in (item.get("properties") or "").split()]
    listed += [item for item in items if item.get("media-type") == _CONTENTS]
    headings: dict[str, str] = {}
    for name in (_place(folder, item) for item in listed):
        if name not in archive.namelist():
            continue
        for element in _part(archive, name, reading).iter():
            target, label = _entry(element)
            if target and label:
                chapter = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target.split("#")[0])))
                headings.setdefault(chapter, label)
    return headings


def _entry(element: Any) -> tuple[str | None, str]:
    if local_name(element) == "a":
        return element.get("href"), one_line("".join(element.itertext()))
    if local_name(element) == "navPoint":
        target = next((each.get("src") for each in element if local_name(each) == "content"), None)
        label = next((each for each in element if local_name(each) == "navLabel"), None)
        return target, one_line("".join(label.itertext())) if label is not None else ""
    return None, ""


def _book(archive: zipfile.ZipFile, reading: Reading) -> _Book:
    container = _part(archive, CONTAINER, reading)
    found = next((each.get("full-path") for each in container.iter() if local_name(each) == "rootfile"), None)
    package = _part(archive, found or "", reading)
    items = {each.get("id"): each for each in package.iter() if local_name(each) == "item"}
    order = [items.get(each.get("idref")) for each in package.iter() if local_name(each) == "itemref"]
    folder = posixpath.dirname(found or "")
    chapters = [_place(folder, item) for item in order if item is not None and _is_chapter(item)]
    _refuse_protected(archive, chapters, reading)
    headings = _headings(archive, items.values(), folder, reading)
    metadata = [each for each in package.iter() if (each.tag or "") and "purl.org/dc" in str(each.tag)]
    values = {_PROPERTIES.get(local_name(each)): one_line(each.text or "") for each in reversed(metadata)}
    title = next((one_line(each.text or "") for each in metadata if local_name(each) == "title"), None)
    return _Book(title or None, {name: value for name, value in values.items() if name and value}, chapters, headings)


def _is_chapter(item: Any) -> bool:
    is_contents = "nav" in (item.get("properties") or "").split()
    return item.get("media-type") in _CHAPTERS and not is_contents


def _place(folder: str, item: Any) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _part(archive: zipfile.ZipFile, name: str, reading: Reading) -> Any:
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The EPUB is damaged: its table of parts is missing."
        ) from error
    check_size(entry.file_size, reading.limits.markup_bytes)
    return tree_of(archive.read(entry)).root


def _refuse_protected(archive: zipfile.ZipFile, chapters: list[str], reading: Reading) -> None:
    """Fonts are often disguised, which harms nobody; chapters are encrypted only against copying."""
    if _ENCRYPTION not in archive.namelist():
        return
    root = _part(archive, _ENCRYPTION, reading)
    encrypted = {unquote(each.get("URI") or "") for each in root.iter() if local_name(each) == "CipherReference"}
    if encrypted & set(chapters):
        message = "The EPUB is protected against copying (DRM) and cannot be read."
        raise DocumentUnreadable(ErrorCode.ENCRYPTED_DOCUMENT, message)
