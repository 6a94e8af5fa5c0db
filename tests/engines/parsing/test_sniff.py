from collections.abc import Callable
from pathlib import Path

import pytest

from engines.parsing.detection.detect import detect_type
from records.errors import Unsupported
from tests.support import files

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("write", "media_type"),
    [
        (files.write_pdf, "application/pdf"),
        (files.write_docx, WORD),
        (files.write_html, "text/html"),
        (files.write_png, "image/png"),
    ],
)
@pytest.mark.parametrize("name", ["report.txt", "no extension", "../../etc/passwd", ""])
def test_the_type_is_told_from_the_bytes(
    tmp_path: Path, write: Callable[[Path], object], media_type: str, name: str
) -> None:
    write(tmp_path / "file")
    assert detect_type(tmp_path / "file", name).require() == media_type


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (files.MARKDOWN, "notes.md", "text/markdown"),
        (files.MARKDOWN, "notes", "text/markdown"),
        (files.MARKDOWN, "notes.txt", "text/plain"),
        (files.CSV, "bridges.csv", "text/csv"),
        ("a\tb\n1\t2\n3\t4\n", "table", "text/csv"),
        ("a\tb\n1\t2\n3\t4\n", "table.tsv", "text/tab-separated-values"),
        ("Dear John, yes.\nI do, too.\n", "letter", "text/plain"),
        ('{"a": 1}', "x.json", "application/json"),
        ('<?xml version="1.0"?><a/>', "x", "application/xml"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html><html/>', "x", "text/html"),
        ("<p>fragment</p>", "x.html", "text/html"),
    ],
)
def test_texts_are_told_apart(tmp_path: Path, content: str, name: str, media_type: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    assert detect_type(path, name).require() == media_type


@pytest.mark.parametrize(
    ("write", "name", "words"),
    [
        (files.write_elf, "tool.docx", ["no Word document", "ELF"]),
        (files.write_plain_zip, "letter.docx", ["no Word document"]),
        (files.write_plain_zip, "things.zip", ["zip archive", "Unpack"]),
        (lambda path: path.write_text("no picture"), "scan.png", ["no image", "plain text"]),
        (lambda path: path.write_text("no zip at all"), "letter.docx", ["no Word document", "plain text"]),
        (lambda path: path.write_bytes(b""), "empty.txt", ["empty"]),
        (lambda path: path.write_bytes(bytes(10 * files.MIB)), "zeros.txt", ["neither text nor"]),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_plain_reason(
    tmp_path: Path, write: Callable[[Path], object], name: str, words: list[str]
) -> None:
    path = tmp_path / "file"
    write(path)
    with pytest.raises(Unsupported) as refusal:
        detect_type(path, name).require()
    assert all(word in refusal.value.message for word in words), refusal.value.message


def test_a_cut_word_document_is_refused(tmp_path: Path) -> None:
    files.write_docx(tmp_path / "cut.docx")
    files.cut(tmp_path / "cut.docx")
    assert not detect_type(tmp_path / "cut.docx", "cut.docx").supported


def test_a_password_protected_word_document_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "secret.docx"
    path.write_bytes(
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    )
    assert "password" in (detect_type(path, "secret.docx").reason or "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_text_in_any_encoding_is_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "file"
    path.write_bytes("Schöne Grüße aus Zürich.\n".encode(encoding))
    assert detect_type(path, "letter.txt").require() == "text/plain"


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"BM is how a letter may begin.", "letter.bmp"), (b"II*", "short.tif"), (b"RIFF1234WAVEfmt ", "sound.webp")],
)
def test_what_only_begins_like_an_image_is_none(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert "no image" in (detect_type(tmp_path / name, name).reason or "")
