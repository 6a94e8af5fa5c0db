from pathlib import Path

import pytest

from engines.parsing.detection.detect import detect_type
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import Extracted, check_chunks, extract
from tests.support import samples


def read(tmp_path: Path, name: str) -> Extracted:
    found = extract(samples.write(tmp_path, name))
    check_chunks(found.text, found.chunks)
    return found


def read_text(tmp_path: Path, name: str, content: str) -> Extracted:
    (tmp_path / name).write_text(content)
    found = extract(tmp_path / name)
    check_chunks(found.text, found.chunks)
    return found


@pytest.mark.parametrize(("name", "sentence"), samples.SENTENCES.items())
def test_a_sentence_of_each_format_stands_in_its_text(tmp_path: Path, name: str, sentence: str) -> None:
    assert sentence in read(tmp_path, name).text


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    book = read(tmp_path, "kelp.epub")
    assert (book.document.title, book.document.properties["author"]) == ("The Kelp Almanac", "Ottilie Brandt")
    assert [heading.text for heading in book.document.outline] == ["Spring kelp", "Autumn kelp"]
    assert "Sugar kelp is cut at the spring tide[3] of April.\n\n[3] By hand." in book.text
    assert book.chunk_with("Kind: Oarweed, Depth: 4 fathoms").headings == ("Autumn kelp",)


def test_a_book_that_lacks_a_chapter_says_so(tmp_path: Path) -> None:
    package = samples.EPUB_PARTS["OPS/book.opf"].replace('"b"/></spine>', '"b"/><itemref idref="g"/></spine>')
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"OPS/book.opf": package})
    assert extract(tmp_path / "b.epub").document.coverage.warnings == ("1 of 3 chapters are missing in the file: 3.",)


def test_a_book_whose_chapters_are_encrypted_is_named_as_such(tmp_path: Path) -> None:
    encryption = '<encryption><CipherData><CipherReference URI="OPS/two.xhtml"/></CipherData></encryption>'
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"META-INF/encryption.xml": encryption})
    with pytest.raises(DocumentUnreadable, match="DRM") as failure:
        extract(tmp_path / "b.epub")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_a_book_of_pictures_says_that_it_has_no_text(tmp_path: Path) -> None:
    page = "<html><body><img src='1.png'/><img src='2.png'/></body></html>"
    samples.write_parts(tmp_path / "b.epub", samples.EPUB_PARTS | {"OPS/text/one a.xhtml": page, "OPS/two.xhtml": page})
    with pytest.raises(DocumentUnreadable, match="only 4 pictures; text in pictures") as failure:
        extract(tmp_path / "b.epub")
    assert failure.value.code is ErrorCode.NO_TEXT


def test_a_message_has_its_headers_its_plain_text_and_the_names_of_its_attachments(tmp_path: Path) -> None:
    message = read(tmp_path, "foghorn.eml")
    document = message.document
    assert document.title == "The foghorn is being repaired"
    assert message.text.startswith(
        "The foghorn is being repaired\n\nFrom: Mara Sjöblom <mara@example.org>\n"
        "To: Keepers <keepers@example.net>, oskar@example.net\nDate: Mon, 05 Feb 2024 09:15:00 +0100\n\n"
    )
    assert "HTML twin" not in message.text
    assert message.chunk_with("Attachments: invoice 7.pdf").headings == ()
    assert document.coverage.warnings == ("Attachments were not read; upload them by themselves: invoice 7.pdf.",)
    assert message.chunk_with("Two spare membranes").headings == ("The foghorn is being repaired", "Spare membranes")
    assert document.properties["created"] == "2024-02-05T09:15:00+01:00"


def test_a_message_without_plain_text_is_read_from_its_html(tmp_path: Path) -> None:
    headers = "From: a@example.org\nTo: b@example.org\nSubject: Oil\nContent-Type: text/html; charset=utf-8\n\n"
    message = read_text(tmp_path, "oil.eml", headers + "<p>Oil comes on <b>Tuesday</b>.</p><script>x()</script>")
    assert message.text.endswith("Oil comes on Tuesday.")


def test_an_encrypted_message_is_named_as_such(tmp_path: Path) -> None:
    headers = 'From: a@example.org\nSubject: x\nContent-Type: multipart/encrypted; boundary="b"\n\n--b\n\nx\n--b--\n'
    (tmp_path / "secret.eml").write_text(headers)
    with pytest.raises(DocumentUnreadable, match="encrypted") as failure:
        extract(tmp_path / "secret.eml")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_json_has_a_line_for_each_value_and_record_with_numbers_as_written(tmp_path: Path) -> None:
    assert read(tmp_path, "station.json").text.split("\n") == [
        "station: Norrskär",
        "built: 1846",
        "height: 22.40",
        "tower.colour: red, tower.steps: 71, 12",
        "open: true",
        "owner: null",
        "keepers.name: Alva, keepers.since: 1e3, keepers.address.city: Vaasa, keepers.address.zip: 00650",
        "keepers.name: Bjarne, keepers.since: 2011, keepers.languages: Swedish, Sami",
    ]


def test_large_values_of_json_stand_below_their_names(tmp_path: Path) -> None:
    rooms = ", ".join(f'{{"room": "R{number}", "beds": {number}}}' for number in range(100))
    hostel = read_text(tmp_path, "hostel.json", f'{{"rooms": [{rooms}], "name": "Skerry"}}')
    assert hostel.text.startswith("name: Skerry\n\nrooms\n\nroom: R0, beds: 0\nroom: R1, beds: 1\n")
    assert hostel.chunk_with("room: R77").headings == ("rooms",)


def test_broken_json_is_read_as_text_and_says_so(tmp_path: Path) -> None:
    broken = read_text(tmp_path, "settings.json", '{\n  "depth": 4,\n  // a comment\n}\n')
    assert '"depth": 4' in broken.text
    assert broken.document.coverage.warnings == ("It is no valid JSON at line 3, column 3; it was read as plain text.",)


def test_broken_lines_of_json_are_counted(tmp_path: Path) -> None:
    lines = read_text(tmp_path, "log.jsonl", '{"a": 1}\n{"a": \n{"a": 3}\n')
    assert lines.text == 'a: 1\n{"a":\na: 3'
    assert lines.document.coverage.warnings == ("1 of 4 lines are no valid JSON and stand as they are: 2.",)


def test_docbook_has_headings_lists_code_tables_and_footnotes(tmp_path: Path) -> None:
    lamp = read(tmp_path, "lamp.xml")
    assert [(heading.text, heading.level) for heading in lamp.document.outline] == [
        ("The Lamp", 1),
        ("Oil & wick", 2),
        ("Lenses", 3),
    ]
    assert "cellar.\n\n- Trim the wick\n- Fill the font\n\nLenses" in lamp.text
    assert "def turn(lens):\n    return lens.next()" in lamp.text
    assert lamp.chunk_with("Order: Sixth, Focus: 150 mm").headings == ("The Lamp", "Oil & wick", "Lenses")
    assert lamp.text.endswith("Footnote: Paraffin since 1910.")
    assert "this" not in lamp.text


def test_other_xml_has_a_line_for_each_record(tmp_path: Path) -> None:
    assert read(tmp_path, "fleet.xml").text.split("\n") == [
        "boat.id: 7, boat.name: Seehund, boat.crew: 4",
        "boat.id: 9, boat.name: Möwe, boat.crew: 2, boat.note: Leaks slightly aft.",
    ]


def test_xml_that_breaks_off_is_read_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    cut = read_text(tmp_path, "cut.xml", samples.DOCBOOK[:570])
    assert "The lamp burns colza" in cut.text
    assert any("damaged at line" in warning for warning in cut.document.coverage.warnings)


def test_asciidoc_keeps_its_structure_and_tables_with_a_cell_on_each_line(tmp_path: Path) -> None:
    rope = read(tmp_path, "rope.adoc")
    assert [heading.text for heading in rope.document.outline] == ["The Rope Book", "Splices"]
    assert "- Marlinspike\n- Fid\n\nRope: Hemp, Load: 2.1 t" in rope.text
    assert "def splice(rope):\n    return rope * 2" in rope.text


def test_latex_is_read_without_its_commands(tmp_path: Path) -> None:
    halyards = read(tmp_path, "halyards.tex")
    assert [heading.text for heading in halyards.document.outline] == ["On Halyards", "Strength", "Table of loads"]
    assert "- Main halyard\n- Jib halyard" in halyards.text
    assert "Main, 900 kg" in halyards.text
    assert "Measured in 1999." in halyards.text
    assert "a comment that nobody reads" not in halyards.text


def test_files_that_latex_includes_are_named_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("the combination is 4711")
    body = "\\documentclass{article}\\begin{document}\nBefore.\n\\input{secret}\nAfter.\\end{document}"
    main = read_text(tmp_path, "main.tex", body)
    assert "4711" not in main.text
    assert "secret" in main.document.coverage.warnings[0]


def test_code_ends_its_blocks_at_definitions_and_names_its_language(tmp_path: Path) -> None:
    gauge = read(tmp_path, "gauge.py")
    assert gauge.document.properties["language"] == "python"
    assert '"""\n\n    if height < 0:\n        return 0.0\n' in gauge.text
    assert gauge.text.endswith("class Gauge:\n    zero = 118")


def test_a_long_program_is_read_in_pieces_and_whole(tmp_path: Path) -> None:
    program = "\n\n".join(f"def f{number}():\n    return {number}" for number in range(5000)) + "\n\nx = 1"
    assert read_text(tmp_path, "long.py", program).text == program
    data = "DATA = [\n" + "    1234,\n" * 20_000 + "]"
    assert read_text(tmp_path, "data.py", data).text == data


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
        ("<!DOCTYPE html><html></html>", "page.php", "text/html"),
        ('<?xml version="1.0"?><a/>', "x.c", "application/xml"),
        ("<book><title>x</title></book>", "x.dbk", "application/xml"),
        ("<!DOCTYPE book><book/>", "x", "application/xml"),
        ("no xml at all", "x.xml", "text/plain"),
        ("no json at all", "x.json", "text/plain"),
        ('[{"a": 1},\n {"a": 2}]', "x", "application/json"),
        ('{"a": 1}\n{"a": 2}\n', "x", "application/x-ndjson"),
        ('{"a": 1}\n{"a": 2}\n', "x.json", "application/x-ndjson"),
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
def test_texts_are_told_apart_and_code_is_taken_for_nothing_else(
    tmp_path: Path, content: str, name: str, media_type: str
) -> None:
    (tmp_path / "file").write_text(content)
    assert detect_type(tmp_path / "file", name).require() == media_type


@pytest.mark.parametrize(
    ("specimen", "media_type"),
    [
        ("briefing.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("tides.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("harbour.epub", "application/epub+zip"),
    ],
)
@pytest.mark.parametrize("name", ["letter.docx", "report.pdf", "notes.txt", "x.py", ""])
def test_archives_are_read_as_what_they_are_whatever_their_name(specimen: str, media_type: str, name: str) -> None:
    assert detect_type(samples.SPECIMENS / specimen, name).require() == media_type


@pytest.mark.parametrize("content", ["{\\rtf1\\ansi text}", "%!PS-Adobe-3.0\nshowpage\n"])
def test_commands_around_text_are_no_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    assert not detect_type(tmp_path / "file", "letter.txt").supported


@pytest.mark.parametrize(
    "name", ["x", "x.html", "x.xml", "x.md", "x.json", "x.adoc", "x.tex", "x.py", "x.eml", "x.csv"]
)
@pytest.mark.parametrize(
    "unit", ["<!---->", "[", "[a](", "|", "**a", "//\n\n", "%\n\n", "= ", "{", '{"a":', "a: ", "#!/", "\n"]
)
def test_no_beginning_keeps_the_server_busy(tmp_path: Path, unit: str, name: str) -> None:
    """Told in the server's own process: a pattern that tries everything would stand still here until the test's limit."""
    (tmp_path / "file").write_text(unit * (64 * 1024 // len(unit)) + "!")
    assert detect_type(tmp_path / "file", name).media_type


def test_a_program_of_blank_lines_is_read(tmp_path: Path) -> None:
    blank = read_text(tmp_path, "blank.py", "x = 1\n" + "   \n" * 200_000 + "    y = 2")
    assert blank.text.startswith("x = 1\n")
    assert blank.text.endswith("    y = 2")
