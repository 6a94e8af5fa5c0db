"""Coverage of a document: the pages, tables and images that were read, and warnings about those that were not."""

from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract
from tests.support.documents import files, samples

INSTALL_ADVICE = "Install the OCR extra (`make setup OCR=1`) and reprocess the document."


def write_pages(path: Path, kinds: str) -> None:
    """Write a PDF with a page for each letter: t for text, i for an image, b for a blank page."""
    canvas = Canvas(str(path))
    for number, kind in enumerate(kinds, 1):
        if kind == "t":
            canvas.drawString(72, 700, f"The words of page {number} can be read.")
        if kind == "i":
            canvas.drawImage(ImageReader(Image.effect_noise((80, 80), 60).convert("RGB")), 72, 300, 200, 200)
        canvas.showPage()
    canvas.save()


def no_text_message(path: Path) -> str:
    with pytest.raises(DocumentUnreadable) as failure:
        extract(path)
    assert failure.value.code is ErrorCode.NO_TEXT
    return failure.value.message


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("i" * 11, f"11 of 11 pages are images, which were not read. {INSTALL_ADVICE}"),
        ("bii", f"2 of 3 pages are images, which were not read. {INSTALL_ADVICE}"),
        (
            "bb",
            "2 of 2 pages have no readable characters. They are empty, or their text is drawn as shapes or in a font that "
            "is not in the file.",
        ),
    ],
)
def test_a_pdf_without_text_is_rejected_with_the_number_of_pages(tmp_path: Path, kinds: str, message: str) -> None:
    write_pages(tmp_path / "scan.pdf", kinds)
    assert no_text_message(tmp_path / "scan.pdf") == message


def test_pages_without_text_are_named_in_warnings(tmp_path: Path) -> None:
    write_pages(tmp_path / "mixed.pdf", "tiitb")
    coverage = extract(tmp_path / "mixed.pdf").document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pictures) == (5, 2, 2)
    assert coverage.warnings == (
        f"2 of 5 pages are images, which were not read: 2, 3. {INSTALL_ADVICE}",
        "1 of 5 pages have no text: 5.",
    )


def test_a_warning_lists_at_most_twenty_pages(tmp_path: Path) -> None:
    write_pages(tmp_path / "mixed.pdf", "t" + "i" * 30)
    (warning,) = extract(tmp_path / "mixed.pdf").warnings
    assert warning.startswith("30 of 31 pages are images")
    assert "20, 21, …. Install" in warning


@pytest.mark.parametrize(
    ("name", "tables", "pictures"),
    [("briefing.pptx", 1, 0), ("tides.xlsx", 2, 0), ("kelp.epub", 1, 0), ("lamp.xml", 1, 0), ("rope.adoc", 1, 0),
     ("halyards.tex", 1, 0)],
)  # fmt: skip
def test_tables_and_images_are_counted(tmp_path: Path, name: str, tables: int, pictures: int) -> None:
    coverage = extract(samples.write(tmp_path, name)).document.coverage
    assert (coverage.tables, coverage.pictures) == (tables, pictures)


def test_a_scan_is_rejected_with_advice_if_ocr_is_not_available(tmp_path: Path) -> None:
    files.write_image_pdf(tmp_path / "scan.pdf")
    assert no_text_message(tmp_path / "scan.pdf").endswith(INSTALL_ADVICE)
