"""PowerPoint presentations, converted by docling. Each slide is a page; speaker notes and comments are notes."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from engines.parsing.parsing_limits import check_pages
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, is_heading
from engines.parsing.worker.markup.office_properties import core_properties
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.zip_archives import check_archive

_SLIDE_PART = re.compile(r"ppt/slides/slide\d+\.xml")
_SLIDE_GROUP = re.compile(r"slide-(\d+)")
_COMMENT_GROUP = re.compile(r"comment-slide(\d+)-")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of all slides. Slides without text add a warning."""
    check_archive(context.path, context.limits)
    with zipfile.ZipFile(context.path) as archive:
        context.page_count = sum(bool(_SLIDE_PART.fullmatch(name)) for name in archive.namelist())
    check_pages(context.page_count, context.limits.pages)
    context.properties.update(core_properties(context.path))
    context.title = context.properties.get("title")

    from docling.backend.mspowerpoint_backend import MsPowerpointDocumentBackend
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, count_items

    content = BytesIO(context.path.read_bytes())
    document = convert(content, "document.pptx", InputFormat.PPTX, MsPowerpointDocumentBackend)
    count_items(document, context)
    yield from _slides_blocks(document, context)


def _slides_blocks(document: Any, context: ParseContext) -> Iterator[Block]:
    parts = [child.resolve(document) for child in document.body.children]
    slides = [(int(match[1]) + 1, part) for part in parts if (match := _SLIDE_GROUP.fullmatch(part.name))]
    comments = [(int(match[1]), part) for part in parts if (match := _COMMENT_GROUP.match(part.name))]
    empty = []
    context.page_count = len(slides)
    for number, slide in slides:
        context.fraction = number / len(slides)
        blocks = list(_slide_blocks(slide, number, document, context))
        if not blocks:
            empty.append(number)
        yield from blocks
        for slide_number, comment in comments:
            if slide_number == number:
                yield from _notes(comment, number, "Comment", document)
    context.pages_with_text = len(slides) - len(empty)
    context.warn_of_parts(empty, len(slides), "slides", "have no text or are hidden")


def _slide_blocks(slide: Any, number: int, document: Any, context: ParseContext) -> Iterator[Block]:
    """Yield the title of a slide, then its other blocks and notes.

    A slide without a title gets its number as a heading, so that the text of two slides is never in one chunk.
    """
    from engines.parsing.worker.blocks.docling_blocks import part_blocks

    blocks = [replace(block, page=number) for block in part_blocks(slide, document, context)]
    title = next((block.text for block in blocks if is_heading(block)), None)
    if blocks and title is None:
        yield Block(BlockKind.HEADING, f"Slide {number}", level=1, page=number)
    titles = [block for block in blocks if is_heading(block)][:1]
    yield from titles
    yield from (block for block in blocks if block not in titles)
    yield from _notes(slide, number, f"Speaker notes on {title or f'slide {number}'}", document)


def _notes(part: Any, number: int, label: str, document: Any) -> Iterator[Block]:
    from docling_core.types.doc import ContentLayer

    for child in (reference.resolve(document) for reference in part.children):
        if child.content_layer is ContentLayer.NOTES and (text := one_line(getattr(child, "text", ""))):
            yield Block(BlockKind.NOTE, f"{label}: {text}", page=number)
