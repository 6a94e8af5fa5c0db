"""Word documents: docling converts the body, python-docx provides headers, footers, comments and properties."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.xml_tree import parse_xml
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.zip_archives import check_archive
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


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the body, then headers, footers, comments and notes."""
    check_archive(context.path, context.limits)
    word = _open(context)
    context.properties.update(_properties(word))
    context.title = context.properties.get("title")

    from docling.backend.msword_backend import MsWordDocumentBackend
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    content = BytesIO(context.path.read_bytes())
    document = convert(content, "document.docx", InputFormat.DOCX, MsWordDocumentBackend)
    yield from document_blocks(document, context)
    yield from (Block(BlockKind.NOTE, text) for text in _notes(word))


def _open(context: ParseContext) -> Any:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        return Document(str(context.path))
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The Word document is damaged and cannot be opened. Upload an intact copy."
        ) from error


def _properties(word: Any) -> dict[str, Any]:
    """Return the core properties that are not empty, as JSON values."""
    core = word.core_properties
    values = {name: getattr(core, name) for name in _PROPERTIES}
    return {name: _json_value(value) for name, value in values.items() if value}


def _json_value(value: Any) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return one_line(str(value))


def _notes(word: Any) -> Iterator[str]:
    """Yield the text outside of the body, each with a label."""
    for label, text in dict.fromkeys(_headers_and_footers(word)):
        yield f"{label}: {text}"
    for comment in word.comments:
        if text := one_line(comment.text):
            yield f"Comment by {one_line(comment.author) or 'unknown'}: {text}"
    yield from _notes_of_part(word, _FOOTNOTES, "Footnote")
    yield from _notes_of_part(word, _ENDNOTES, "Endnote")


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


def _notes_of_part(word: Any, relationship: str, label: str) -> Iterator[str]:
    """Yield the footnotes or endnotes.

    python-docx has no interface for them, and its elements would yield their text three times, so the XML is parsed here.
    """
    for relation in word.part.rels.values():
        if relation.reltype != relationship or relation.is_external:
            continue
        for note in parse_xml(relation.target_part.blob).root:
            if text := one_line("".join(note.itertext())):
                yield f"{label}: {text}"
