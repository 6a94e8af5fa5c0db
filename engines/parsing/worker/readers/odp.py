"""OpenDocument presentations (ODP), as packages or as flat XML files. Each slide is a page."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.parsing_limits import check_pages
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute, child
from engines.parsing.worker.open_document.odf_document import OdfBlocks, OdfDocument, on_page
from engines.parsing.worker.open_document.odf_file import open_odf
from engines.parsing.worker.parse_context import ParseContext

_FOOTERS = frozenset({"footer-decl", "header-decl"})
_REPEATED = frozenset({"footer", "header", "date-time", "page-number"})


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of all slides. Slides without text and hidden slides add a warning."""
    with open_odf(context.path, context.limits) as file:
        context.properties.update(file.properties())
        context.title = context.properties.get("title")
        context.tables = context.pictures = 0
        document = OdfDocument(file, context)
        yield from _slides(document)
        document.warn()


def _slides(document: OdfDocument) -> Iterator[Block]:
    context, number, footers = document.context, 0, list[str]()
    empty, hidden = list[int](), list[int]()
    for element, fraction in document.file.elements():
        context.fraction = fraction
        name = local_name(element)
        if name == "page":
            number += 1
            check_pages(number, context.limits.pages)
            blocks = list(_slide(document, element, number))
            if document.styles.is_hidden_page(attribute(element, "style-name")):
                hidden.append(number)
            if not blocks:
                empty.append(number)
            yield from blocks
        elif name in _FOOTERS:
            footers.append(one_line(element.text or ""))
        else:
            document.styles.add(element)
    yield from (Block(BlockKind.NOTE, f"Slide footer: {text}", page=1) for text in dict.fromkeys(filter(None, footers)))
    context.page_count, context.pages_with_text = number, number - len(empty)
    context.warn_of_parts(empty, number, "slides", "have no text")
    context.warn_of_parts(hidden, number, "slides", "are hidden in the show and were read")


def _slide(document: OdfDocument, page: Any, number: int) -> Iterator[Block]:
    """Yield the title of a slide, then its other shapes, notes and comments."""
    shapes = [each for each in page if attribute(each, "class") not in _REPEATED]
    notes = [each for each in shapes if local_name(each) == "notes"]
    titles = [each for each in shapes if attribute(each, "class") == "title"][:1]
    comments = [each for each in shapes if local_name(each) == "annotation"]
    document.notes.clear()
    title = one_line(" ".join(block.text for block in OdfBlocks(document).read(titles)))
    others = [each for each in shapes if each not in (*titles, *notes, *comments)]
    blocks = list(on_page(OdfBlocks(document).read(others), number))
    for each in notes:
        blocks += _speaker_notes(document, each, title or f"slide {number}", number)
    for comment in comments:
        blocks += _comment(document, comment, number)
    blocks += on_page(document.note_blocks(), number)
    if title or blocks:
        yield Block(BlockKind.HEADING, title or f"Slide {number}", level=1, page=number)
    yield from blocks


def _speaker_notes(document: OdfDocument, notes: Any, title: str, number: int) -> Iterator[Block]:
    frames = [
        each for each in notes if local_name(each) != "page-thumbnail" and attribute(each, "class") not in _REPEATED
    ]
    for block in OdfBlocks(document).read(frames):
        text = one_line(block.text.removeprefix("- "))
        yield Block(BlockKind.NOTE, f"Speaker notes on {title}: {text}", page=number)


def _comment(document: OdfDocument, comment: Any, number: int) -> Iterator[Block]:
    author = child(comment, "creator")
    name = one_line(author.text or "") if author is not None else ""
    blocks = OdfBlocks(document).read(each for each in comment if local_name(each) in ("p", "list"))
    if text := "\n".join(one_line(block.text) for block in blocks):
        yield Block(BlockKind.NOTE, f"Comment by {name or 'unknown'}: {text}", page=number)
