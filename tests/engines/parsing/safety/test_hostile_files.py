"""Damaged and malicious files are rejected with a reason or read in part, and never affect the next file."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from engines.parsing.client import Parser, open_parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.formats import FORMATS
from engines.parsing.parsing_limits import ParsingLimits
from records.codes import ErrorCode
from records.document import ParsedDocument
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_worker import open_module_parser, parse, parse_error
from tests.engines.parsing.safety import hostile_files
from tests.engines.parsing.safety.hostile_files import ARCHIVES, BOOK, EXCEL, ODF_TEXT, OLD_SHEET, POWERPOINT, WORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ = "READ"
UNSUPPORTED, CORRUPT, NO_TEXT = ErrorCode.UNSUPPORTED, ErrorCode.CORRUPT_DOCUMENT, ErrorCode.NO_TEXT
LIMIT, ENCRYPTED = ErrorCode.PARSER_LIMIT, ErrorCode.ENCRYPTED_DOCUMENT
SIGNED = {*ARCHIVES, OLD_SHEET, "file.pdf", "file.png", "file.msg", "file.rtf", "file.fodt"}
TEXTS = sorted(set(hostile_files.INTACT) - {*SIGNED, "file.html", "file.xml", "file.rss"})
OUTCOMES_OF_TRUNCATED: dict[str, set[str]] = {
    "file.pdf": {CORRUPT},
    "file.png": {CORRUPT},
    **{name: {UNSUPPORTED} for name in ARCHIVES},
    "file.msg": {UNSUPPORTED, CORRUPT},
    OLD_SHEET: {UNSUPPORTED, CORRUPT, READ},
    "file.rtf": {READ},
    "file.fodt": {CORRUPT, UNSUPPORTED},
    "file.html": {READ, NO_TEXT},
    "file.xml": {READ},
    "file.rss": {READ, CORRUPT},
    **{name: {READ} for name in TEXTS},
}
"""Possible outcomes of a truncated file, by file name.

An archive is rejected in detection, because its directory is missing. A truncated text is a shorter text.
"""
OUTCOMES_OF_FLIPPED: dict[str, set[str]] = {
    "file.pdf": {READ, CORRUPT},
    "file.png": {READ, CORRUPT, NO_TEXT},
    **{name: {CORRUPT, UNSUPPORTED, LIMIT} for name in ARCHIVES},
    "file.msg": {READ, CORRUPT, UNSUPPORTED, NO_TEXT},
    OLD_SHEET: {READ, CORRUPT, UNSUPPORTED, NO_TEXT},
    "file.rtf": {READ, UNSUPPORTED},
    "file.fodt": {READ, CORRUPT, UNSUPPORTED, NO_TEXT},
    "file.html": {READ, NO_TEXT},
    "file.xml": {READ},
    "file.rss": {READ, CORRUPT},
    **{name: {READ, UNSUPPORTED} for name in TEXTS},
}
"""Possible outcomes of a file with changed bytes, by file name.

An archive with changed sizes in its directory can be rejected as a bomb. Text with control characters is not detected as
text.
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    """Yield a parser with a low limit on table cells."""
    async with open_module_parser(ParsingLimits(table_cells=20_000)) as parser:
        yield parser


async def outcome(parser: Parser, path: Path) -> tuple[str, ParsedDocument | None]:
    """Detect and parse a file as an upload would. Return READ with the document, or the error code."""
    detected = detect_type(path, path.name)
    if not detected.supported:
        assert detected.reason
        return ErrorCode.UNSUPPORTED, None
    try:
        return READ, (await parse(parser, path, detected.media_type)).document
    except DocumentUnreadable as unreadable:
        return (unreadable.code if unreadable.message.endswith(".") else "a message without a full stop"), None


async def check_next_file(parser: Parser, folder: Path) -> None:
    (folder / "next.txt").write_text("The next file is read.")
    assert (await parse(parser, folder / "next.txt")).text == "The next file is read."


@pytest.mark.parametrize("name", hostile_files.INTACT)
async def test_truncated_and_changed_files_have_an_expected_outcome(parser: Parser, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for write, expected in (
        (hostile_files.write_truncated, OUTCOMES_OF_TRUNCATED[name]),
        (hostile_files.write_flipped, OUTCOMES_OF_FLIPPED[name]),
    ):
        for seed in range(6):
            write(path, seed)
            found, _ = await outcome(parser, path)
            assert found in expected, (write.__name__, seed)
    await check_next_file(parser, tmp_path)


@pytest.mark.parametrize("name", hostile_files.INTACT)
async def test_a_stored_file_is_parsed_without_its_name(parser: Parser, tmp_path: Path, name: str) -> None:
    hostile_files.INTACT[name](tmp_path / name)
    media_type = detect_type(tmp_path / name, name).require()
    stored = (tmp_path / name).rename(tmp_path / "0a1b2c")
    assert (await parse(parser, stored, media_type)).text


@pytest.mark.parametrize("name", ["file.xml", "file.json", "file.jsonl"])
async def test_the_rest_of_a_truncated_file_is_read_with_a_warning(parser: Parser, tmp_path: Path, name: str) -> None:
    for seed in range(6):
        hostile_files.write_truncated(tmp_path / name, seed)
        _, document = await outcome(parser, tmp_path / name)
        assert document is not None
        assert document.coverage.warnings, seed


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize(
    ("write", "code"),
    [(hostile_files.write_encrypted, ENCRYPTED), (hostile_files.write_bomb, LIMIT)],
    ids=["encrypted", "bomb"],
)
async def test_encrypted_archives_and_zip_bombs_are_rejected(
    parser: Parser, tmp_path: Path, name: str, write: Callable[[Path], None], code: ErrorCode
) -> None:
    write(tmp_path / name)
    assert await outcome(parser, tmp_path / name) == (code, None)
    await check_next_file(parser, tmp_path)


ENTITY_DECLARATIONS = pytest.mark.parametrize(
    "declaration", [hostile_files.ENTITY_BOMB, hostile_files.EXTERNAL_ENTITY], ids=["bomb", "external"]
)


@ENTITY_DECLARATIONS
@pytest.mark.parametrize("name", [WORD, POWERPOINT, EXCEL, ODF_TEXT])
async def test_office_files_that_declare_entities_are_rejected(
    parser: Parser, tmp_path: Path, name: str, declaration: str
) -> None:
    hostile_files.write_entities(tmp_path / name, declaration)
    assert await outcome(parser, tmp_path / name) == (LIMIT, None)


@ENTITY_DECLARATIONS
async def test_entities_in_books_are_not_expanded(parser: Parser, tmp_path: Path, declaration: str) -> None:
    hostile_files.write_entities(tmp_path / BOOK, declaration)
    text = (await parse(parser, tmp_path / BOOK)).text
    assert "Oarweed" in text
    assert "lollipop" not in text
    assert "root:" not in text


async def test_external_entities_of_an_xml_file_are_not_expanded_and_named(parser: Parser, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f'<?xml version="1.0"?>{hostile_files.EXTERNAL_ENTITY}<a><b>before &l9; behind</b></a>')
    found = await parse(parser, path)
    assert found.text == "b: before &l9; behind"
    assert found.warnings == ("These entities were not expanded: l9.",)


@pytest.mark.parametrize("name", hostile_files.NESTED)
async def test_text_that_is_nested_too_deeply_is_rejected(parser: Parser, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(hostile_files.NESTED[name])
    assert await outcome(parser, tmp_path / name) == (LIMIT, None)
    await check_next_file(parser, tmp_path)


async def test_a_message_with_deeply_nested_parts_is_rejected(parser: Parser, tmp_path: Path) -> None:
    hostile_files.write_nested_message(tmp_path / "deep.eml", 3000)
    assert await outcome(parser, tmp_path / "deep.eml") == (LIMIT, None)


async def test_an_archive_inside_of_an_archive_is_not_opened(parser: Parser, tmp_path: Path) -> None:
    hostile_files.write_nested_archive(tmp_path / "nested.docx")
    assert await outcome(parser, tmp_path / "nested.docx") == (UNSUPPORTED, None)


async def test_a_sheet_with_too_many_cells_is_rejected(parser: Parser, tmp_path: Path) -> None:
    hostile_files.write_wide_sheet(tmp_path / EXCEL, rows=210, columns=100)
    assert await outcome(parser, tmp_path / EXCEL) == (LIMIT, None)


async def test_a_sheet_with_two_distant_cells_is_read(parser: Parser, tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1"><v>5</v></c></row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    hostile_files.write_sheet(tmp_path / EXCEL, f"<sheetData>{cells}</sheetData>")
    assert (await parse(parser, tmp_path / EXCEL)).text.startswith("High water\n\n5\n\n7\n\n")


async def test_a_reader_that_hangs_is_ended(tmp_path: Path) -> None:
    """A named pipe without a writer is used as the file, because it blocks every reader that opens it."""
    os.mkfifo(tmp_path / "pipe")
    async with open_parser(ParsingLimits(seconds=0.3)) as parser:
        # pdfium, the reader of the first format, opens regular files only; some formats need another program.
        for known in (each for each in FORMATS[1:] if each.requirement() is None):
            failure = await parse_error(parser, tmp_path / "pipe", next(iter(known.types)))
            assert (failure.code, "time limit of 0.3 seconds" in failure.message) == (LIMIT, True), known.label


BINARY = {known.extensions[0] for known in FORMATS if not (known.is_text or known.shares_extensions)}


@pytest.mark.parametrize("extension", sorted({known.extensions[0] for known in FORMATS}))
async def test_a_file_with_a_wrong_extension_is_detected_or_rejected(tmp_path: Path, extension: str) -> None:
    """A binary format is detected under any file name. Text gets the type of its extension, if that is a text type."""
    for name, write in hostile_files.INTACT.items():
        write(tmp_path / name)
        own, found = detect_type(tmp_path / name, name), detect_type(tmp_path / name, f"other{extension}")
        if name in SIGNED:
            assert found == own
        elif extension in BINARY:
            assert not found.supported
            assert "plain text" in (found.reason or "")
        else:
            assert found.supported
            assert name not in ("file.html", "file.xml", "file.rss") or found == own
