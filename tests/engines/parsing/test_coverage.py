"""What of a document was read and what was not: a scan never looks like a success."""

import re
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import extract
from tests.engines.parsing.hostile import parts_of, repack
from tests.support import files, samples


def write_mixed_pdf(path: Path, kinds: str) -> None:
    """A page for each letter: t for text, p for a picture, b for a blank one."""
    canvas = Canvas(str(path))
    for number, kind in enumerate(kinds, 1):
        if kind == "t":
            canvas.drawString(72, 700, f"The words of page {number} can be read.")
        if kind == "p":
            canvas.drawImage(ImageReader(Image.effect_noise((80, 80), 60).convert("RGB")), 72, 300, 200, 200)
        canvas.showPage()
    canvas.save()


def test_a_pdf_of_pictures_fails_with_their_number(tmp_path: Path) -> None:
    files.write_image_pdf(tmp_path / "scan.pdf", 11)
    with pytest.raises(DocumentUnreadable, match="11 of 11 pages are images; install the OCR extra") as failure:
        extract(tmp_path / "scan.pdf")
    assert failure.value.code is ErrorCode.NO_TEXT


def test_a_pdf_of_pictures_and_blank_pages_fails_with_the_number_of_pictures(tmp_path: Path) -> None:
    write_mixed_pdf(tmp_path / "scan.pdf", "bpp")
    with pytest.raises(DocumentUnreadable, match="2 of 3 pages are images; install"):
        extract(tmp_path / "scan.pdf")


def test_a_pdf_of_blank_pages_is_empty(tmp_path: Path) -> None:
    write_mixed_pdf(tmp_path / "blank.pdf", "bb")
    with pytest.raises(DocumentUnreadable, match="2 of 2 pages are empty"):
        extract(tmp_path / "blank.pdf")


def test_a_pdf_that_is_read_in_part_names_the_pages_that_were_not(tmp_path: Path) -> None:
    write_mixed_pdf(tmp_path / "mixed.pdf", "tpptb")
    coverage = extract(tmp_path / "mixed.pdf").document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pictures) == (5, 2, 2)
    assert coverage.warnings == (
        "2 of 5 pages are images: 2, 3; install the OCR extra (`make setup OCR=1`) and reprocess the document.",
        "1 of 5 pages have no text: 5.",
    )


def test_only_the_first_pages_of_many_are_named(tmp_path: Path) -> None:
    write_mixed_pdf(tmp_path / "mixed.pdf", "t" + "p" * 30)
    (warning,) = extract(tmp_path / "mixed.pdf").document.coverage.warnings
    assert warning.startswith("30 of 31 pages are images")
    assert "20, 21, …; install" in warning


def test_slides_without_words_fail(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "briefing.pptx")
    parts = parts_of(path)
    spoken = [name for name in parts if re.fullmatch(r"ppt/(slides|notesSlides)/\w+\.xml", name)]
    repack(path, parts | {name: re.sub(rb"<a:t>[^<]*", b"<a:t>", parts[name]) for name in spoken})
    with pytest.raises(DocumentUnreadable, match="no text") as failure:
        extract(path)
    assert failure.value.code is ErrorCode.NO_TEXT


def test_a_web_page_of_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html><body><img src=a><img src=b></body></html>")
    with pytest.raises(DocumentUnreadable, match="only 2 pictures; text in pictures") as failure:
        extract(tmp_path / "page.html")
    assert failure.value.code is ErrorCode.NO_TEXT


@pytest.mark.parametrize("content", ["<a/>", "<a><b/></a>"])
def test_xml_without_text_has_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0"?>{content}')
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "a.xml")
    assert failure.value.code is ErrorCode.NO_TEXT


@pytest.mark.parametrize(
    ("name", "tables", "pictures"),
    [("briefing.pptx", 1, 0), ("tides.xlsx", 2, 0), ("kelp.epub", 1, 0), ("lamp.xml", 1, 0), ("rope.adoc", 1, 0),
     ("halyards.tex", 1, 0)],
)  # fmt: skip
def test_tables_and_pictures_are_counted(tmp_path: Path, name: str, tables: int, pictures: int) -> None:
    coverage = extract(samples.write(tmp_path, name)).document.coverage
    assert (coverage.tables, coverage.pictures) == (tables, pictures)


def test_pictures_of_a_page_are_counted_beside_its_text(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html><body><p>Words.</p><img src=a></body></html>")
    assert extract(tmp_path / "page.html").document.coverage.pictures == 1
