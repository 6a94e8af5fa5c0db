"""PowerPoint presentations. Each slide is a page; speaker notes and comments are notes."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.parsing_limits import check_pages
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.office_properties import core_properties
from engines.parsing.worker.office.package import OfficePackage, attribute, child, open_package
from engines.parsing.worker.office.slide_notes import CommentAuthors, comment_notes, speaker_notes
from engines.parsing.worker.office.slide_shapes import SlideReader
from engines.parsing.worker.office.unread_parts import warn_of_unread_parts
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of all slides. Slides without text and hidden slides add a warning."""
    with open_package(context.path, context.limits) as package:
        slides = _slides(package)
        context.page_count = len(slides)
        check_pages(context.page_count, context.limits.pages)
        context.properties.update(core_properties(context.path))
        context.title = context.properties.get("title")
        context.tables = context.pictures = 0
        yield from _slides_blocks(package, slides, context)
        context.warn_of_equations()
        warn_of_unread_parts(package, context)


def _slides(package: OfficePackage) -> list[str]:
    """Return the names of the slides' parts, in the order of the presentation."""
    relations = package.relations(package.main)
    listed = child(package.tree(package.main), "sldIdLst")
    targets = [relations.get(_relation_id(each)) for each in listed] if listed is not None else []
    return [relation.target for relation in targets if relation and package.has(relation.target)]


def _relation_id(element: Any) -> str:
    """Return the relationship id that an element states. The element has another attribute with the local name `id`."""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _slides_blocks(package: OfficePackage, slides: list[str], context: ParseContext) -> Iterator[Block]:
    authors = CommentAuthors(package)
    empty, hidden, footers = list[int](), list[int](), dict[str, int]()
    for number, part in enumerate(slides, 1):
        root = package.tree(part)
        if attribute(root, "show") in ("0", "false"):
            hidden.append(number)
        reader = SlideReader(package, package.relations(part), context, number)
        found = reader.read(child(root, "cSld", "spTree") if child(root, "cSld", "spTree") is not None else ())
        blocks = [*found.blocks, *speaker_notes(package, part, found.title, context, number)]
        for footer in found.footers:
            footers.setdefault(footer, number)
        if blocks or found.title:
            yield Block(BlockKind.HEADING, found.title or f"Slide {number}", level=1, page=number)
            yield from blocks
        else:
            empty.append(number)
        yield from comment_notes(package, part, authors, number)
        context.fraction = number / len(slides)
    yield from (Block(BlockKind.NOTE, f"Slide footer: {footer}", page=number) for footer, number in footers.items())
    context.pages_with_text = len(slides) - len(empty)
    context.warn_of_parts(empty, len(slides), "slides", "have no text")
    context.warn_of_parts(hidden, len(slides), "slides", "are hidden in the show and were read")
