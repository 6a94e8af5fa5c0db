"""PowerPoint, by docling: a slide is a page, its speaker notes a note below it."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from engines.parsing.archives import check_archive
from engines.parsing.cleaning import one_line
from engines.parsing.limits import check_pages
from engines.parsing.worker.block import Block, BlockKind, is_heading
from engines.parsing.worker.office import core_properties
from engines.parsing.worker.reading import Reading

_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
_GROUP = re.compile(r"slide-(\d+)")
_COMMENTS = re.compile(r"comment-slide(\d+)-")


def read(reading: Reading) -> Iterator[Block]:
    check_archive(reading.path, reading.limits)
    with zipfile.ZipFile(reading.path) as archive:
        reading.page_count = sum(bool(_SLIDE.fullmatch(name)) for name in archive.namelist())
    check_pages(reading.page_count, reading.limits.pages)
    reading.properties.update(core_properties(reading.path))
    reading.title = reading.properties.get("title")

    from docling.backend.mspowerpoint_backend import MsPowerpointDocumentBackend
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import convert, count_items

    content = BytesIO(reading.path.read_bytes())
    document = convert(content, "document.pptx", InputFormat.PPTX, MsPowerpointDocumentBackend)
    count_items(document, reading)
    yield from _slides(document, reading)


def _slides(document: Any, reading: Reading) -> Iterator[Block]:
    parts = [child.resolve(document) for child in document.body.children]
    slides = [(int(match[1]) + 1, part) for part in parts if (match := _GROUP.fullmatch(part.name))]
    comments = {(int(match[1]), part.self_ref): part for part in parts if (match := _COMMENTS.match(part.name))}
    without = []
    reading.page_count = len(slides)
    for number, slide in slides:
        reading.fraction = number / len(slides)
        blocks = list(_slide(slide, number, document, reading))
        if not blocks:
            without.append(number)
        yield from blocks
        for of, part in comments.items():
            if of[0] == number:
                yield from _notes(part, number, "Comment", document)
    reading.pages_with_text = len(slides) - len(without)
    reading.note_missing(without, len(slides), "slides", "have no text, or are hidden")


def _slide(slide: Any, number: int, document: Any, reading: Reading) -> Iterator[Block]:
    """Its title, or its number in place of one: what stands on two slides is never mixed."""
    from engines.parsing.worker.docling_blocks import blocks_below

    blocks = [replace(block, page=number) for block in blocks_below(slide, document, reading)]
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
