"""EPUB books: the chapters are web pages in a ZIP container, read in the order of the book's spine."""

import posixpath
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from engines.parsing.formats.epub import CONTAINER
from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.web_encoding import decode_web_page
from engines.parsing.worker.blocks.block import Block, BlockKind, is_heading
from engines.parsing.worker.markup.web_page import html_blocks
from engines.parsing.worker.markup.xml_tree import local_name, parse_xml
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ENCRYPTION = "META-INF/encryption.xml"
_EPUB2_CONTENTS = "application/x-dtbncx+xml"
_CHAPTER_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
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
    """The properties and chapters of a book, from its package document."""

    title: str | None
    properties: dict[str, str]
    chapters: list[str]
    "Names of the chapters' files in the archive, in reading order."
    headings: dict[str, str]
    "Titles from the table of contents, by the name of the chapter's file."


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of all chapters. Chapters that are missing or empty add a warning."""
    check_archive(context.path, context.limits)
    with zipfile.ZipFile(context.path) as archive:
        book = _read_package(archive, context)
        context.title = book.title
        context.properties.update(book.properties)
        missing, empty = [], []
        for number, name in enumerate(book.chapters, 1):
            blocks = _chapter_blocks(archive, name, context)
            if blocks is None:
                missing.append(number)
                continue
            if not blocks:
                empty.append(number)
            context.fraction = number / len(book.chapters)
            yield from _with_heading(blocks, book.headings.get(name))
    context.warn_of_parts(missing, len(book.chapters), "chapters", "are missing in the file")
    context.warn_of_parts(empty, len(book.chapters), "chapters", "have no text")


def _chapter_blocks(archive: zipfile.ZipFile, name: str, context: ParseContext) -> list[Block] | None:
    """Return the blocks of a chapter, or None if the archive does not contain it."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    check_size(entry.file_size, context.limits.markup_bytes)
    page = decode_web_page(archive.read(entry))
    context.warn_of_decoding(page)
    return html_blocks(page.text, context)


def _with_heading(blocks: list[Block], heading: str | None) -> list[Block]:
    """Return the blocks of a chapter. If it has no heading, insert its title from the table of contents."""
    if not blocks or not heading or any(is_heading(block) for block in blocks):
        return blocks
    rest = blocks[1:] if blocks[0].text == heading else blocks
    return [Block(BlockKind.HEADING, heading, level=1), *rest]


def _headings(archive: zipfile.ZipFile, items: Iterable[Any], folder: str, context: ParseContext) -> dict[str, str]:
    """Return the first title of each chapter in the tables of contents, by the name of the chapter's file.

    The table of contents of EPUB 3 is searched first, then that of EPUB 2.
    """
    contents = [item for item in items if "nav" in (item.get("properties") or "").split()]
    contents += [item for item in items if item.get("media-type") == _EPUB2_CONTENTS]
    headings: dict[str, str] = {}
    for name in (_archive_name(folder, item) for item in contents):
        if name not in archive.namelist():
            continue
        for element in _parse_part(archive, name, context).iter():
            target, label = _contents_entry(element)
            if target and label:
                chapter = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target.split("#")[0])))
                headings.setdefault(chapter, label)
    return headings


def _contents_entry(element: Any) -> tuple[str | None, str]:
    """Return the target and the label of an entry in a table of contents; None and an empty label for other elements."""
    if local_name(element) == "a":
        return element.get("href"), one_line("".join(element.itertext()))
    if local_name(element) == "navPoint":
        target = next((each.get("src") for each in element if local_name(each) == "content"), None)
        label = next((each for each in element if local_name(each) == "navLabel"), None)
        return target, one_line("".join(label.itertext())) if label is not None else ""
    return None, ""


def _read_package(archive: zipfile.ZipFile, context: ParseContext) -> _Book:
    container = _parse_part(archive, CONTAINER, context)
    found = next((each.get("full-path") for each in container.iter() if local_name(each) == "rootfile"), None)
    package = _parse_part(archive, found or "", context)
    items = {each.get("id"): each for each in package.iter() if local_name(each) == "item"}
    spine = [items.get(each.get("idref")) for each in package.iter() if local_name(each) == "itemref"]
    folder = posixpath.dirname(found or "")
    chapters = [_archive_name(folder, item) for item in spine if item is not None and _is_chapter(item)]
    _reject_encrypted(archive, chapters, context)
    headings = _headings(archive, items.values(), folder, context)
    metadata = [each for each in package.iter() if (each.tag or "") and "purl.org/dc" in str(each.tag)]
    values = {_PROPERTIES.get(local_name(each)): one_line(each.text or "") for each in reversed(metadata)}
    title = next((one_line(each.text or "") for each in metadata if local_name(each) == "title"), None)
    return _Book(title or None, {name: value for name, value in values.items() if name and value}, chapters, headings)


def _is_chapter(item: Any) -> bool:
    is_contents = "nav" in (item.get("properties") or "").split()
    return item.get("media-type") in _CHAPTER_TYPES and not is_contents


def _archive_name(folder: str, item: Any) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _parse_part(archive: zipfile.ZipFile, name: str, context: ParseContext) -> Any:
    """Return the root of an XML part. Raises `DocumentUnreadable` (CORRUPT_DOCUMENT) if the part is missing."""
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The EPUB is damaged: its package document is missing. Upload an intact copy."
        ) from error
    check_size(entry.file_size, context.limits.markup_bytes)
    return parse_xml(archive.read(entry)).root


def _reject_encrypted(archive: zipfile.ZipFile, chapters: list[str], context: ParseContext) -> None:
    """Raise `DocumentUnreadable` (ENCRYPTED_DOCUMENT) if a chapter is encrypted. Encrypted fonts are ignored."""
    if _ENCRYPTION not in archive.namelist():
        return
    root = _parse_part(archive, _ENCRYPTION, context)
    encrypted = {unquote(each.get("URI") or "") for each in root.iter() if local_name(each) == "CipherReference"}
    if encrypted & set(chapters):
        message = "The EPUB is protected against copying (DRM) and cannot be read. Upload a copy without DRM."
        raise DocumentUnreadable(ErrorCode.ENCRYPTED_DOCUMENT, message)
