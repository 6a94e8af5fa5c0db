"""Detection of media types from the content of files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.parsing.detection.detect import detect_type
from engines.parsing.detection.ole_directory import ole_names
from records.errors import Unsupported
from tests.engines.parsing.safety import hostile_files
from tests.support.documents import files, outlook, samples
from tests.support.documents.outlook import write_container

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
def test_the_content_decides_whatever_the_name(
    tmp_path: Path, write: Callable[[Path], object], media_type: str, name: str
) -> None:
    write(tmp_path / "file")
    assert detect_type(tmp_path / "file", name).require() == media_type


@pytest.mark.parametrize(
    ("sample", "media_type"),
    [
        ("briefing.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("tides.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("harbour.epub", "application/epub+zip"),
    ],
)
@pytest.mark.parametrize("name", ["letter.docx", "report.pdf", "notes.txt", "x.py", ""])
def test_the_type_of_an_archive_does_not_depend_on_its_name(sample: str, media_type: str, name: str) -> None:
    assert detect_type(samples.LIBREOFFICE_FILES / sample, name).require() == media_type


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
        ("<p>fragment</p>", "x.html", "text/html"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html><html/>', "x", "text/html"),
        ("<!DOCTYPE html><html></html>", "page.php", "text/html"),
        ('<?xml version="1.0"?><a/>', "x", "application/xml"),
        ('<?xml version="1.0"?><a/>', "x.c", "application/xml"),
        ("<book><title>x</title></book>", "x.dbk", "application/xml"),
        ("<!DOCTYPE book><book/>", "x", "application/xml"),
        ("no xml at all", "x.xml", "text/plain"),
        ('{"a": 1}', "x.json", "application/json"),
        ('[{"a": 1},\n {"a": 2}]', "x", "application/json"),
        ('{"a": 1}\n{"a": 2}\n', "x", "application/x-ndjson"),
        ('{"a": 1}\n{"a": 2}\n', "x.json", "application/x-ndjson"),
        ("no json at all", "x.json", "text/plain"),
        ('{"log": {"entries": []}}', "visit.har", "application/json"),
        ('{"a": 1, "b": [2]}', "state.session", "application/json"),
        ('{"a": 1}\n{"a": 2}\n', "x.events", "application/x-ndjson"),
        ('{"a": 1}', "notes.txt", "text/plain"),
        ('{"cells": [], "nbformat": 4}', "x.ipynb", "application/x-ipynb+json"),
        ('{"nbformat": 4, "cells": [{"cell_type": "raw"}]}', "x", "application/x-ipynb+json"),
        ('{"cells": ["a", "b"]}', "battery.json", "application/json"),
        ("<gpx><trk/></gpx>", "track.gpx", "application/xml"),
        ("{curly} text\n", "x", "text/plain"),
        ("[1] a footnote and so on\n", "x", "text/plain"),
        (samples.EML, "saved", "message/rfc822"),
        ("Dear all,\nFrom: Monday on\n", "letter.eml", "text/plain"),
        ("From: Bo\nTo: Li\nSubject: notes\n\nText\n", "notes.txt", "text/plain"),
        (samples.LATEX, "paper", "text/x-tex"),
        (samples.ASCIIDOC, "manual", "text/asciidoc"),
        ("= not much\n", "x", "text/plain"),
    ],
)
def test_text_formats_are_distinguished(tmp_path: Path, content: str, name: str, media_type: str) -> None:
    (tmp_path / "file").write_text(content)
    assert detect_type(tmp_path / "file", name).require() == media_type


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        ("a,b\n1,2\n3,4\n", "table.py", "text/x-python"),
        ("# Title\n\n[a](b) **c**\n", "notes.js", "text/x-javascript"),
        ('{"a": 1}\n', "x.c", "text/x-c"),
        ("<template><p>x</p></template>", "x.vue", "text/x-vue"),
        ("From: x\nReceived: y\nMessage-ID: z\n", "mail.rs", "text/x-rust"),
        ("mark = b'%PDF-1.4'\n", "pdf.py", "text/x-python"),
        ("#!/usr/bin/env -S python3 -u\nprint(1)\n", "tool", "text/x-python"),
        ("#!/bin/sh\necho\n", "tool.txt", "text/x-bash"),
        ("#! not a program\ntext\n", "tool", "text/plain"),
    ],
)
def test_source_code_is_detected_by_extension_or_shebang(
    tmp_path: Path, content: str, name: str, media_type: str
) -> None:
    (tmp_path / "file").write_text(content)
    assert detect_type(tmp_path / "file", name).require() == media_type


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_text_in_any_encoding_is_detected_as_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "file"
    path.write_bytes("Schöne Grüße aus Zürich.\n".encode(encoding))
    assert detect_type(path, "letter.txt").require() == "text/plain"


@pytest.mark.parametrize(
    ("write", "name", "phrases"),
    [
        (hostile_files.write_elf, "tool.docx", ["not a valid Word document", "ELF"]),
        (hostile_files.write_plain_zip, "letter.docx", ["not a valid Word document", "damaged"]),
        (hostile_files.write_plain_zip, "things.zip", ["ZIP archives are not supported", "Unpack"]),
        (lambda path: path.write_text("not an image"), "scan.png", ["not a valid image", "plain text"]),
        (lambda path: path.write_text("not a ZIP file"), "letter.docx", ["not a valid Word document", "plain text"]),
        (lambda path: path.write_bytes(b""), "empty.txt", ["empty"]),
        (lambda path: path.write_bytes(bytes(10 * files.MIB)), "zeros.txt", ["neither text nor"]),
        (
            lambda path: path.write_bytes(hostile_files.OLE_MARK + bytes(600)),
            "old.doc",
            ["OLE container", "Save the document"],
        ),
    ],
)
def test_an_unsupported_file_is_rejected_with_a_reason(
    tmp_path: Path, write: Callable[[Path], object], name: str, phrases: list[str]
) -> None:
    path = tmp_path / "file"
    write(path)
    with pytest.raises(Unsupported) as rejection:
        detect_type(path, name).require()
    assert all(phrase in rejection.value.message for phrase in phrases), rejection.value.message


def _archive(*names: str) -> Callable[[Path], object]:
    return lambda path: hostile_files.repack(path, dict.fromkeys(names, b"x"))


def _container(*names: str) -> Callable[[Path], object]:
    return lambda path: write_container(path, dict.fromkeys(names, b"x"))


def _bytes(hexadecimal: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(bytes.fromhex(hexadecimal) + bytes(600))


@pytest.mark.parametrize(
    ("write", "name", "label"),
    [
        (_container("FileHeader", "HwpSummaryInformation"), "a.hwp", "a Hangul document (.hwp)"),
        (_container("FileHeader", "BodyText"), "a.doc", "a Hangul document (.hwp)"),
        (_container("VisioDocument"), "a.vsd", "a Visio drawing (.vsd)"),
        (_container("Quill"), "a.pub", "a Publisher document (.pub)"),
        (_container("Something"), "a.bin", "an OLE container of an unknown program"),
        (_archive("Index/Document.iwa"), "a.pages", "a Pages document (.pages)"),
        (_archive("index.xml", "QuickLook/Preview.pdf"), "a.pages", "a Pages document (.pages)"),
        (_archive("Index/Document.iwa", "Index/CalculationEngine.iwa"), "a.numbers", "a Numbers spreadsheet (.numbers)"),
        (_archive("Index/Document.iwa", "Index/Slide.iwa"), "a.key", "a Keynote presentation (.key)"),
        (_archive("talk.key/Index.zip"), "a.key", "a Keynote presentation (.key)"),
        (_archive("Index/Document.iwa"), "a.bin", "a document of Pages, Numbers or Keynote"),
        (_archive("[Content_Types].xml", "visio/document.xml"), "a.vsdx", "a Visio drawing (.vsdx)"),
        (_archive("mimetype", "Contents/section0.xml"), "a.hwpx", "a Hangul document (.hwpx)"),
        (_bytes("e4525c7b8cd8a74daeb15378d02996d3"), "a.one", "a OneNote section (.one)"),
        (_bytes("526172211a0700"), "a.rar", "a RAR archive"),
    ],
)  # fmt: skip
def test_the_message_about_an_unsupported_format_names_it(
    tmp_path: Path, write: Callable[[Path], object], name: str, label: str
) -> None:
    write(tmp_path / name)
    found = detect_type(tmp_path / name, name)
    assert not found.supported
    assert (found.reason or "").startswith(f"The file is {label}, which is not supported. ")
    assert (".docx" not in (found.reason or "")) or label.split()[1] in ("Hangul", "Pages", "OneNote", "document")


def test_an_embedded_document_does_not_decide_the_type_of_an_ole_container(tmp_path: Path) -> None:
    inner = outlook.OutlookMessage({outlook.SUBJECT: "Keys"})
    outlook.write_msg(tmp_path / "a.msg", outlook.OutlookMessage({outlook.SUBJECT: "Outer"}, attachments=[inner]))
    assert detect_type(tmp_path / "a.msg", "x").require() == "application/vnd.ms-outlook"
    assert "__substg1.0_3701000d" not in ole_names(tmp_path / "a.msg")


def test_a_truncated_word_document_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "cut.docx"
    files.write_docx(path)
    hostile_files.truncate(path)
    assert not detect_type(path, "cut.docx").supported


def test_an_encrypted_word_document_is_rejected_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "secret.docx"
    path.write_bytes(hostile_files.OLE_MARK + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600))
    assert detect_type(path, "secret.docx").reason == (
        "The document is encrypted. Remove the password and upload it again."
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"BM is how a letter may begin.", "letter.bmp"), (b"II*", "short.tif"), (b"RIFF1234WAVEfmt ", "sound.webp")],
)
def test_the_first_letters_of_an_image_signature_are_not_enough(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert "not a valid image" in (detect_type(tmp_path / name, name).reason or "")


def test_rtf_is_detected_by_its_first_bytes_and_postscript_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{\\rtf1\\ansi text}")
    (tmp_path / "b").write_text("%!PS-Adobe-3.0\nshowpage\n")
    assert detect_type(tmp_path / "a", "letter.txt").require() == "application/rtf"
    assert "PostScript" in (detect_type(tmp_path / "b", "letter.txt").reason or "")


@pytest.mark.parametrize(
    "name", ["x", "x.html", "x.xml", "x.md", "x.json", "x.adoc", "x.tex", "x.py", "x.eml", "x.csv"]
)
@pytest.mark.parametrize(
    "unit", ["<!---->", "[", "[a](", "|", "**a", "//\n\n", "%\n\n", "= ", "{", '{"a":', "a: ", "#!/", "\n"]
)
def test_detection_does_not_backtrack(tmp_path: Path, unit: str, name: str) -> None:
    """Detection runs in the server process: a pattern with exponential backtracking would exceed the test's timeout."""
    (tmp_path / "file").write_text(unit * (64 * 1024 // len(unit)) + "!")
    assert detect_type(tmp_path / "file", name).media_type
