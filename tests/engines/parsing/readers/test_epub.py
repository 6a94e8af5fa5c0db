"""EPUB books."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_checked, extract_sample
from tests.support.documents import samples

FOOTNOTE = "The inner quay was rebuilt in 1987 after the Candlemas storm."


def test_chapters_follow_the_spine(tmp_path: Path) -> None:
    book = extract_sample(tmp_path, "kelp.epub")
    assert (book.document.title, book.document.properties["author"]) == ("The Kelp Almanac", "Ottilie Brandt")
    assert [heading.text for heading in book.document.outline] == ["Spring kelp", "Autumn kelp"]
    assert "Sugar kelp is cut at the spring tide[3] of April.\n\n[3] By hand." in book.text
    assert book.chunk_with("Kind: Oarweed, Depth: 4 fathoms").headings == ("Autumn kelp",)


def test_chapters_without_headings_take_them_from_the_table_of_contents() -> None:
    harbour = extract_checked(samples.LIBREOFFICE_FILES / "harbour.epub")
    assert [(heading.text, heading.level, heading.page) for heading in harbour.document.outline] == [
        ("Mooring", 1, None),
        ("Notices in other languages", 1, None),
    ]
    assert harbour.text.count("Mooring") == 1
    assert "at the inner quay[1] and pays by the night." in harbour.text
    assert f"[1] {FOOTNOTE}" in harbour.text
    assert "up to 9 m, 215 kroner, 95 kroner" in harbour.text
    assert harbour.document.properties["author"] == "Sunniva Aas"


def test_a_missing_chapter_adds_a_warning(tmp_path: Path) -> None:
    package = samples.EPUB_PARTS["OPS/book.opf"].replace('"b"/></spine>', '"b"/><itemref idref="g"/></spine>')
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"OPS/book.opf": package})
    assert extract(tmp_path / "b.epub").warnings == ("1 of 3 chapters are missing in the file: 3.",)


def test_a_book_with_encrypted_chapters_is_rejected(tmp_path: Path) -> None:
    encryption = '<encryption><CipherData><CipherReference URI="OPS/two.xhtml"/></CipherData></encryption>'
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"META-INF/encryption.xml": encryption})
    with pytest.raises(DocumentUnreadable, match="DRM") as failure:
        extract(tmp_path / "b.epub")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_a_book_of_images_is_rejected(tmp_path: Path) -> None:
    page = "<html><body><img src='1.png'/><img src='2.png'/></body></html>"
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"OPS/text/one a.xhtml": page, "OPS/two.xhtml": page})
    with pytest.raises(DocumentUnreadable, match="no text, only 4 images") as failure:
        extract(tmp_path / "b.epub")
    assert failure.value.code is ErrorCode.NO_TEXT
