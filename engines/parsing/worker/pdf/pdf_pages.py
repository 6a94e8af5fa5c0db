"""Pages of a PDF, read one after another with pdfium."""

from collections.abc import Iterator
from typing import Any

import pypdfium2

from engines.parsing.worker.pages.page_spans import Page
from engines.parsing.worker.pdf.page_frame import PageFrame
from engines.parsing.worker.pdf.pdf_annotations import read_annotations
from engines.parsing.worker.pdf.pdf_graphics import read_graphics
from engines.parsing.worker.pdf.pdf_words import read_words


def read_pages(document: Any, attachments: list[str]) -> Iterator[Page]:
    """Yield the pages of an open document in order. Pages that pdfium cannot load are left out.

    The names of the files that are attached to a page are appended to `attachments`.
    """
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            continue
        try:
            yield _read(page, index + 1, attachments)
        finally:
            page.close()


def _read(page: Any, number: int, attachments: list[str]) -> Page:
    rotation = page.get_rotation() // 90
    left, bottom, right, top = page.get_bbox()
    displayed = PageFrame(left, bottom, right, top, rotation)
    textpage = page.get_textpage()
    try:
        words = read_words(textpage, displayed)
    finally:
        textpage.close()
    graphics = read_graphics(page, words.frame)
    annotations = read_annotations(page, words.frame, words.spans)
    attachments += annotations.attachments
    width, height = displayed.size
    image_share = min(1.0, graphics.image_area / max(1.0, width * height))
    read = Page(
        number,
        width,
        height,
        words.spans + annotations.fields,
        graphics.rulings,
        words.rotated_texts,
        annotations.notes,
        graphics.images,
        image_share,
    )
    read.rotate((rotation - words.frame.rotation) % 4)
    return read
