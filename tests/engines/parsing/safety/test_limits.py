"""Limits on the resources of one document."""

import zipfile
from pathlib import Path

import pytest

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract
from tests.support.documents import files


def limit_message(path: Path, limits: ParsingLimits | None = None) -> str:
    """Return the message of the limit that a file exceeds."""
    with pytest.raises(DocumentUnreadable) as failure:
        extract(path, limits=limits)
    assert failure.value.code is ErrorCode.PARSER_LIMIT
    return failure.value.message


def test_a_zip_bomb_is_rejected_before_it_is_unpacked(tmp_path: Path) -> None:
    files.write_zip_bomb(tmp_path / "bomb.docx", 600)
    assert "unpacks to 600 MiB; the limit is 512 MiB" in limit_message(tmp_path / "bomb.docx")
    files.write_zip_bomb(tmp_path / "small.docx", 20)
    assert "possible zip bomb" in limit_message(tmp_path / "small.docx")


def test_an_archive_with_too_many_entries_is_rejected(tmp_path: Path) -> None:
    files.write_docx(tmp_path / "many.docx")
    assert "entries; the limit is 5" in limit_message(tmp_path / "many.docx", ParsingLimits(archive_entries=5))


def test_an_archive_with_false_sizes_in_its_directory_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "false.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(files.MIB))
    content = path.read_bytes()
    path.write_bytes(content.replace(files.MIB.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(DocumentUnreadable) as failure:
        check_archive(path, ParsingLimits())
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT


@pytest.mark.parametrize(
    ("name", "content", "limits", "phrase"),
    [
        ("long.txt", "word " * 1000, ParsingLimits(characters=4000), "limit of 4,000 characters"),
        ("big.txt", "word " * 1000, ParsingLimits(file_bytes=4000), "MiB"),
        ("big.md", "word " * 1000, ParsingLimits(markup_bytes=4000), "MiB"),
        ("big.html", "<html>" + "word " * 1000, ParsingLimits(markup_bytes=4000), "MiB"),
        ("wide.csv", "a,b\n" * 1000, ParsingLimits(table_cells=1000), "limit of 1,000 cells"),
    ],
)
def test_a_document_above_a_limit_is_rejected_with_the_limit(
    tmp_path: Path, name: str, content: str, limits: ParsingLimits, phrase: str
) -> None:
    (tmp_path / name).write_text(content)
    assert phrase in limit_message(tmp_path / name, limits)


def test_a_document_with_too_many_pages_is_rejected(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "pages.pdf")
    assert "17 pages; the limit is 16" in limit_message(tmp_path / "pages.pdf", ParsingLimits(pages=16))
