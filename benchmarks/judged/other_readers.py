"""Texts of pages by other readers, which Graphlore is compared with. The extra `bench` installs them."""

from collections.abc import Callable
from pathlib import Path

import pypdfium2

PageReader = Callable[[Path, int], str]
"""A function of a PDF file and a page number from 1 that returns the text of the page."""


def pdfium_text(path: Path, page: int) -> str:
    """Return the text in the order of the file, as pdfium extracts it."""
    with pypdfium2.PdfDocument(path) as document:
        text: str = document[page - 1].get_textpage().get_text_range()
    return text


def pdfplumber_layout_text(path: Path, page: int) -> str:
    """Return the text with blanks that imitate the layout of the page."""
    import pdfplumber

    with pdfplumber.open(path, pages=[page]) as document:
        return str(document.pages[0].extract_text(layout=True))


def liteparse_text(path: Path, page: int) -> str:
    """Return liteparse's layout text, without OCR."""
    from liteparse import LiteParse

    parsed = LiteParse(ocr_enabled=False, target_pages=str(page), quiet=True).parse(str(path))
    return "\n".join(str(each.text) for each in parsed.pages)


def pdf_inspector_markdown(path: Path, page: int) -> str:
    """Return pdf-inspector's Markdown."""
    import pdf_inspector

    return str(pdf_inspector.process_pdf(str(path), pages=[page]).markdown or "")


OTHER_READERS: dict[str, PageReader] = {
    "pdfium text": pdfium_text,
    "pdfplumber layout text": pdfplumber_layout_text,
    "liteparse": liteparse_text,
    "pdf-inspector": pdf_inspector_markdown,
}
