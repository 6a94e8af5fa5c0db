"""Word documents: docling for the body's structure; python-docx for what it leaves out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from engines.parsing.archives import check_archive
from engines.parsing.cleaning import one_line
from engines.parsing.worker.block import Block, BlockKind
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.trees import tree_of
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_ENDNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/endnotes"
_PROPERTIES = (
    "author",
    "category",
    "comments",
    "keywords",
    "last_modified_by",
    "subject",
    "title",
    "created",
    "modified",
)


def read(reading: Reading) -> Iterator[Block]:
    check_archive(reading.path, reading.limits)
    word = _opened(reading)
    reading.properties.update(_properties(word))
    reading.title = reading.properties.get("title")

    from docling.backend.msword_backend import MsWordDocumentBackend
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import blocks_of, convert

    content = BytesIO(reading.path.read_bytes())
    document = convert(content, "document.docx", InputFormat.DOCX, MsWordDocumentBackend)
    yield from blocks_of(document, reading)
    yield from (Block(BlockKind.NOTE, text) for text in _left_out(word))


def _opened(reading: Reading) -> Any:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        return Document(str(reading.path))
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The file is a zip container, but no Word document can be read from it."
        ) from error


def _properties(word: Any) -> dict[str, Any]:
    """Core properties that say something, as JSON values."""
    core = word.core_properties
    values = {name: getattr(core, name) for name in _PROPERTIES}
    return {name: _json(value) for name, value in values.items() if value}


def _json(value: Any) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return one_line(str(value))


def _left_out(word: Any) -> Iterator[str]:
    for label, text in dict.fromkeys(_headers_and_footers(word)):
        yield f"{label}: {text}"
    for comment in word.comments:
        if text := one_line(comment.text):
            yield f"Comment by {one_line(comment.author) or 'unknown'}: {text}"
    yield from _notes(word, _FOOTNOTES, "Footnote")
    yield from _notes(word, _ENDNOTES, "Endnote")


def _headers_and_footers(word: Any) -> Iterator[tuple[str, str]]:
    for section in word.sections:
        for label, part in (
            ("Page header", section.header),
            ("Page footer", section.footer),
            ("First page header", section.first_page_header),
            ("First page footer", section.first_page_footer),
        ):
            if part.is_linked_to_previous:
                continue
            if text := one_line(" ".join(paragraph.text for paragraph in part.paragraphs)):
                yield label, text


def _notes(word: Any, relationship: str, label: str) -> Iterator[str]:
    """Footnotes have no face in python-docx, whose elements would tell their text three times over."""
    for relation in word.part.rels.values():
        if relation.reltype != relationship or relation.is_external:
            continue
        for note in tree_of(relation.target_part.blob).root:
            if text := one_line("".join(note.itertext())):
                yield f"{label}: {text}"
