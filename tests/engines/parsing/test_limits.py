import zipfile
from pathlib import Path

import pytest

from engines.parsing.archives import check_archive
from engines.parsing.limits import Limits
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import extract
from tests.support import files


def limit_hit_by(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentUnreadable) as failure:
        extract(path, limits=limits)
    assert failure.value.code is ErrorCode.PARSER_LIMIT
    return failure.value.message


def test_a_zip_bomb_is_seen_before_it_unpacks(tmp_path: Path) -> None:
    files.write_zip_bomb(tmp_path / "bomb.docx", 600)
    assert "600 MiB" in limit_hit_by(tmp_path / "bomb.docx")
    files.write_zip_bomb(tmp_path / "small.docx", 20)
    assert "zip bombs" in limit_hit_by(tmp_path / "small.docx")


def test_a_zip_with_too_many_entries_is_refused(tmp_path: Path) -> None:
    files.write_docx(tmp_path / "many.docx")
    assert "entries" in limit_hit_by(tmp_path / "many.docx", Limits(archive_entries=5))


def test_a_zip_whose_directory_lies_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "liar.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(files.MIB))
    content = path.read_bytes()
    path.write_bytes(content.replace(files.MIB.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(DocumentUnreadable) as failure:
        check_archive(path, Limits())
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    files.write_entity_bomb(tmp_path / "bomb.docx")
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "bomb.docx")
    assert failure.value.code in {ErrorCode.CORRUPT_DOCUMENT, ErrorCode.PARSER_LIMIT}


def test_elements_nested_too_deep_are_refused(tmp_path: Path) -> None:
    files.write_deep_html(tmp_path / "deep.html")
    assert "nested" in limit_hit_by(tmp_path / "deep.html")


@pytest.mark.parametrize(
    ("name", "content", "limits", "words"),
    [
        ("long.txt", "word " * 1000, Limits(characters=4000), "characters"),
        ("big.txt", "word " * 1000, Limits(file_bytes=4000), "MiB"),
        ("big.md", "word " * 1000, Limits(markup_bytes=4000), "MiB"),
        ("big.html", "<html>" + "word " * 1000, Limits(markup_bytes=4000), "MiB"),
        ("wide.csv", "a,b\n" * 1000, Limits(table_cells=1000), "cells"),
    ],
)
def test_what_is_too_much_is_refused(tmp_path: Path, name: str, content: str, limits: Limits, words: str) -> None:
    (tmp_path / name).write_text(content)
    assert words in limit_hit_by(tmp_path / name, limits)


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "pages.pdf")
    assert "17 pages" in limit_hit_by(tmp_path / "pages.pdf", Limits(pages=16))
