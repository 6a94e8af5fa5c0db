from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.document import Chunking
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import Extracted, check_chunks, extract
from tests.support import files


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    path = tmp_path_factory.mktemp("pdf") / "handbook.pdf"
    files.write_pdf(path)
    return extract(path)


@pytest.mark.parametrize("fact", [*files.PDF_FACTS, files.PDF_TABLE_FACT], ids=lambda fact: fact.answer)
def test_a_fact_of_a_pdf_is_found_on_its_page(handbook: Extracted, fact: files.Fact) -> None:
    chunk = handbook.chunk_with(fact.quote)
    assert chunk.page_start == chunk.page_end == fact.page
    assert chunk.bounding_box is not None
    assert chunk.bounding_box.page == fact.page
    assert 0 < chunk.bounding_box.top < chunk.bounding_box.bottom < 842


def test_a_pdf_has_headings_title_and_coverage(handbook: Extracted) -> None:
    document = handbook.document
    assert document.title == files.PDF_TITLE
    assert (document.page_count, document.coverage.pages_with_text) == (17, 17)
    assert ("The tide gauge", 3) in [(heading.text, heading.page) for heading in document.outline]
    assert document.properties["author"] == "The keepers"
    for heading in document.outline:
        assert handbook.text[heading.offset :].startswith(heading.text)
    gauge = handbook.chunk_with(files.PDF_FACTS[0].quote)
    assert gauge.headings == ("The tide gauge",)


def test_running_headers_and_page_numbers_are_left_out(handbook: Extracted) -> None:
    assert files.RUNNING_HEADER not in handbook.text
    assert "Page 4" not in handbook.text


def test_a_pdfs_chunks_cover_its_text(handbook: Extracted) -> None:
    check_chunks(handbook.text, handbook.chunks)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    files.write_two_column_pdf(tmp_path / "columns.pdf")
    text = extract(tmp_path / "columns.pdf").text
    starts = [text.index(f"Paragraph {number}.") for number in range(1, 10)]
    assert starts == sorted(starts)
    assert "most of them agreed in the end. When the wind turns north" in text


def test_a_scanned_pdf_says_that_it_has_no_text(tmp_path: Path) -> None:
    files.write_image_pdf(tmp_path / "scan.pdf")
    with pytest.raises(DocumentUnreadable, match="3 of 3 pages are images; install the OCR extra") as failure:
        extract(tmp_path / "scan.pdf")
    assert failure.value.code is ErrorCode.NO_TEXT


def test_an_encrypted_pdf_is_named_as_such(tmp_path: Path) -> None:
    files.write_encrypted_pdf(tmp_path / "secret.pdf")
    with pytest.raises(DocumentUnreadable, match="password") as failure:
        extract(tmp_path / "secret.pdf")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_a_pdf_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "cut.pdf")
    files.cut(tmp_path / "cut.pdf")
    with pytest.raises(DocumentUnreadable, match="damaged") as failure:
        extract(tmp_path / "cut.pdf")
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT


def test_a_word_document_keeps_tables_headings_lists_and_what_stands_beside_them(tmp_path: Path) -> None:
    facts = files.write_docx(tmp_path / "guide.docx").facts
    guide = extract(tmp_path / "guide.docx")
    check_chunks(guide.text, guide.chunks)
    for fact in facts:
        assert guide.chunk_with(fact.quote)
    assert guide.chunk_with("Bolt Kestrel").headings == ("Fasteners", "Torques")
    assert [heading.level for heading in guide.document.outline] == [1, 2, 1]
    assert "- Climb with two ropes\n- Look at every weld" in guide.text
    assert "Comment by Bo Lind: Was 24 months before the storm." in guide.text
    assert "Page header: Fastening guide, third edition" in guide.text
    assert guide.chunk_with("Comment by").headings == ()
    assert guide.document.title == files.DOCX_TITLE
    assert guide.document.properties["author"] == "Ada Quist"
    assert guide.document.coverage.tables == 2


def test_a_web_page_is_read_without_what_surrounds_it(tmp_path: Path) -> None:
    facts = files.write_html(tmp_path / "moss.html").facts
    page = extract(tmp_path / "moss.html")
    check_chunks(page.text, page.chunks)
    assert page.document.title == files.HTML_TITLE
    for fact in facts:
        assert page.chunk_with(fact.quote)
    for noise in files.HTML_NOISE:
        assert noise not in page.text
    assert "Half-closed paragraph with italics\n\nand another one." in page.text


def test_markdown_keeps_its_structure(tmp_path: Path) -> None:
    (tmp_path / "bees.md").write_text(files.MARKDOWN)
    notes = extract(tmp_path / "bees.md")
    check_chunks(notes.text, notes.chunks)
    assert notes.document.title == "Beekeeping notes"
    assert "Some calm days in spring, with smoke, are best" in notes.text
    assert "Hive: blue, Frames: 11, Honey: 14 kg\nHive: white" in notes.text
    assert "honey = frames * 1.3" in notes.text
    assert notes.chunk_with("Philippa").headings == ("Beekeeping notes", "Hives")


def test_a_csv_is_read_row_by_row_with_its_header(tmp_path: Path) -> None:
    (tmp_path / "bridges.csv").write_text(files.CSV)
    table = extract(tmp_path / "bridges.csv")
    check_chunks(table.text, table.chunks)
    assert table.text.splitlines()[1] == "City: Lyon, old town, Bridge: Bonaparte, Length, m: 149"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_told(tmp_path: Path, delimiter: str) -> None:
    rows = [("name", "count", "note"), ("one", "1", "a, b"), ("two", "2", "c, d"), ("three", "3", "e")]
    (tmp_path / "table.csv").write_text("\n".join(delimiter.join(row) for row in rows))
    assert extract(tmp_path / "table.csv").text.startswith("name: one, count: 1, note: a, b\n")


def test_a_csv_without_a_header_stands_bare(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("1,2\n3,4\n5,6\n")
    assert extract(tmp_path / "numbers.csv").text == "1, 2\n3, 4\n5, 6"


def test_plain_text_keeps_its_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(b"First\r\nline.\r\n\r\n\r\n  Second\0 paragraph.\n")
    letter = extract(tmp_path / "letter.txt", Chunking(max_tokens=16))
    assert letter.text == "First\nline.\n\n  Second paragraph."
    check_chunks(letter.text, letter.chunks, 16)


def test_a_line_without_an_end_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 50_000 + "x" * 100_000)
    long = extract(tmp_path / "long.txt")
    assert long.text == ("word " * 50_000 + "x" * 100_000)
    check_chunks(long.text, long.chunks)


def test_only_white_space_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text(" \n \n\t\n" * 1000)
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "blank.txt")
    assert failure.value.code is ErrorCode.NO_TEXT
