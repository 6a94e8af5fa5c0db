"""PDF files with text. `tests/engines/parsing/ocr` tests scans."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, check_chunks, extract
from tests.engines.parsing.safety.hostile_files import truncate
from tests.support.documents import files


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    path = tmp_path_factory.mktemp("pdf") / "handbook.pdf"
    files.write_pdf(path)
    return extract(path)


@pytest.mark.parametrize("fact", [*files.PDF_FACTS, files.PDF_TABLE_FACT], ids=lambda fact: fact.answer)
def test_a_sentence_is_found_on_its_page_with_a_box(handbook: Extracted, fact: files.Fact) -> None:
    chunk = handbook.chunk_with(fact.quote)
    assert chunk.page_start == chunk.page_end == fact.page
    assert chunk.bounding_box is not None
    assert chunk.bounding_box.page == fact.page
    assert 0 < chunk.bounding_box.top < chunk.bounding_box.bottom < 842


def test_a_pdf_has_title_headings_properties_and_coverage(handbook: Extracted) -> None:
    document = handbook.document
    assert document.title == files.PDF_TITLE
    assert (document.page_count, document.coverage.pages_with_text) == (17, 17)
    assert ("The tide gauge", 3) in [(heading.text, heading.page) for heading in document.outline]
    assert document.properties["author"] == "The keepers"
    for heading in document.outline:
        assert handbook.text[heading.offset :].startswith(heading.text)
    gauge = handbook.chunk_with(files.PDF_FACTS[0].quote)
    assert gauge.headings == ("The tide gauge",)


def test_page_headers_and_page_numbers_are_removed(handbook: Extracted) -> None:
    assert files.PAGE_HEADER not in handbook.text
    assert "Page 4" not in handbook.text


def test_the_chunks_of_a_pdf_cover_its_text(handbook: Extracted) -> None:
    check_chunks(handbook.text, handbook.chunks)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    files.write_two_column_pdf(tmp_path / "columns.pdf")
    text = extract(tmp_path / "columns.pdf").text
    starts = [text.index(f"Paragraph {number}.") for number in range(1, 10)]
    assert starts == sorted(starts)
    assert "most of them agreed in the end. When the wind turns north" in text


def test_an_encrypted_pdf_is_rejected(tmp_path: Path) -> None:
    files.write_encrypted_pdf(tmp_path / "secret.pdf")
    with pytest.raises(DocumentUnreadable, match="password") as failure:
        extract(tmp_path / "secret.pdf")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_a_truncated_pdf_is_rejected(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "cut.pdf")
    truncate(tmp_path / "cut.pdf")
    with pytest.raises(DocumentUnreadable, match="damaged") as failure:
        extract(tmp_path / "cut.pdf")
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT
