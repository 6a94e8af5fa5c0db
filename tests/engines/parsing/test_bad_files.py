"""What is broken or made to harm ends with a reason or with what could be read of it, and never hurts the next file."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from engines.parsing.client import Parser, open_parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.formats import FORMATS
from engines.parsing.limits import Limits
from records.codes import ErrorCode
from records.document import ParsedDocument
from records.errors import DocumentUnreadable
from tests.engines.parsing import hostile
from tests.engines.parsing.hostile import ARCHIVES, BOOK, EXCEL, POWERPOINT, WORD
from tests.engines.parsing.test_parser import parse
from tests.support.own_task import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ = "READ"
UNSUPPORTED, CORRUPT, NO_TEXT = ErrorCode.UNSUPPORTED, ErrorCode.CORRUPT_DOCUMENT, ErrorCode.NO_TEXT
LIMIT, ENCRYPTED = ErrorCode.PARSER_LIMIT, ErrorCode.ENCRYPTED_DOCUMENT
TEXTS = sorted(set(hostile.SOUND) - {*ARCHIVES, "file.pdf", "file.png", "file.html", "file.xml", "file.rss"})
CUT: dict[str, set[str]] = {
    "file.pdf": {CORRUPT},
    "file.png": {CORRUPT},
    **{name: {UNSUPPORTED} for name in ARCHIVES},
    "file.html": {READ, NO_TEXT},
    "file.xml": {READ},
    "file.rss": {READ, CORRUPT},
    **{name: {READ} for name in TEXTS},
}
"""A file that is cut off: an archive has lost its directory, which is seen at once; a text is shorter."""
FLIPPED: dict[str, set[str]] = {
    "file.pdf": {READ, CORRUPT},
    "file.png": {READ, CORRUPT, NO_TEXT},
    **{name: {CORRUPT, UNSUPPORTED, LIMIT} for name in ARCHIVES},
    "file.html": {READ, NO_TEXT},
    "file.xml": {READ},
    "file.rss": {READ, CORRUPT},
    **{name: {READ, UNSUPPORTED} for name in TEXTS},
}
"""Damaged sizes in an archive's directory look like those of a bomb; a text with control characters like no text."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    """With limits that a test reaches quickly."""
    async with in_own_task(open_parser(Limits(table_cells=20_000))) as opened:
        yield opened


async def outcome(parser: Parser, path: Path) -> tuple[str, ParsedDocument | None]:
    """What becomes of an upload: its code, or READ."""
    sniffed = detect_type(path, path.name)
    if not sniffed.supported:
        assert sniffed.reason
        return ErrorCode.UNSUPPORTED, None
    try:
        return READ, (await parse(parser, path, sniffed.media_type))[2]
    except DocumentUnreadable as unreadable:
        return (unreadable.code if unreadable.message.endswith(".") else "a reason that is no sentence"), None


async def check_alive(parser: Parser, folder: Path) -> None:
    (folder / "next.txt").write_text("The next file is read.")
    assert (await parse(parser, folder / "next.txt"))[0] == "The next file is read."


@pytest.mark.parametrize("name", hostile.SOUND)
async def test_files_that_are_cut_or_flipped_end_as_expected(parser: Parser, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for write, expected in ((hostile.write_cut, CUT[name]), (hostile.write_flipped, FLIPPED[name])):
        for seed in range(6):
            write(path, seed)
            found, _ = await outcome(parser, path)
            assert found in expected, (write.__name__, seed)
    await check_alive(parser, tmp_path)


@pytest.mark.parametrize("name", hostile.SOUND)
async def test_a_file_is_read_as_it_is_stored_without_a_name(parser: Parser, tmp_path: Path, name: str) -> None:
    hostile.SOUND[name](tmp_path / name)
    media_type = detect_type(tmp_path / name, name).require()
    stored = (tmp_path / name).rename(tmp_path / "0a1b2c")
    assert (await parse(parser, stored, media_type))[0]


@pytest.mark.parametrize("name", ["file.xml", "file.json", "file.jsonl"])
async def test_what_is_read_of_a_file_that_is_cut_off_comes_with_a_warning(
    parser: Parser, tmp_path: Path, name: str
) -> None:
    for seed in range(6):
        hostile.write_cut(tmp_path / name, seed)
        _, document = await outcome(parser, tmp_path / name)
        assert document is not None
        assert document.coverage.warnings, seed


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize(
    ("write", "code"),
    [(hostile.write_locked, ENCRYPTED), (hostile.write_bomb, LIMIT)],
    ids=["locked", "bomb"],
)
async def test_archives_that_are_locked_or_bombs_are_named_as_such(
    parser: Parser, tmp_path: Path, name: str, write: Callable[[Path], None], code: ErrorCode
) -> None:
    write(tmp_path / name)
    assert await outcome(parser, tmp_path / name) == (code, None)
    await check_alive(parser, tmp_path)


@pytest.mark.parametrize("declaration", [hostile.BOMB, hostile.THIEF], ids=["bomb", "thief"])
@pytest.mark.parametrize("name", [WORD, POWERPOINT, EXCEL])
async def test_office_files_that_define_entities_are_refused(
    parser: Parser, tmp_path: Path, name: str, declaration: str
) -> None:
    hostile.write_entities(tmp_path / name, declaration)
    assert await outcome(parser, tmp_path / name) == (LIMIT, None)


@pytest.mark.parametrize("declaration", [hostile.BOMB, hostile.THIEF], ids=["bomb", "thief"])
async def test_entities_in_books_are_not_expanded(parser: Parser, tmp_path: Path, declaration: str) -> None:
    hostile.write_entities(tmp_path / BOOK, declaration)
    text, _, _ = await parse(parser, tmp_path / BOOK)
    assert "Oarweed" in text
    assert "lollipop" not in text
    assert "root:" not in text


async def test_entities_of_an_xml_file_stay_as_they_stand_and_are_named(parser: Parser, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f'<?xml version="1.0"?>{hostile.THIEF}<a><b>before &l9; behind</b></a>')
    text, _, document = await parse(parser, path)
    assert text == "b: before &l9; behind"
    assert document.coverage.warnings == ("Entities that the document defines itself were left as they stand: l9.",)


@pytest.mark.parametrize("name", hostile.DEEP)
async def test_what_is_nested_too_deep_or_multiplies_is_refused(parser: Parser, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(hostile.DEEP[name])
    assert await outcome(parser, tmp_path / name) == (LIMIT, None)
    await check_alive(parser, tmp_path)


async def test_a_message_of_parts_within_parts_is_refused(parser: Parser, tmp_path: Path) -> None:
    hostile.write_deep_mail(tmp_path / "deep.eml", 3000)
    assert await outcome(parser, tmp_path / "deep.eml") == (LIMIT, None)


async def test_an_archive_within_an_archive_is_not_opened(parser: Parser, tmp_path: Path) -> None:
    hostile.write_nested(tmp_path / "nested.docx")
    assert await outcome(parser, tmp_path / "nested.docx") == (UNSUPPORTED, None)


async def test_a_sheet_with_too_many_cells_is_refused_and_a_far_away_cell_is_read(
    parser: Parser, tmp_path: Path
) -> None:
    hostile.write_wide_sheet(tmp_path / EXCEL, rows=210, columns=100)
    assert await outcome(parser, tmp_path / EXCEL) == (LIMIT, None)
    far = '<row r="1"><c r="A1"><v>5</v></c></row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    hostile.write_sheet(tmp_path / EXCEL, f"<sheetData>{far}</sheetData>")
    text, _, _ = await parse(parser, tmp_path / EXCEL)
    assert text.startswith("High water\n\n5\n\n7\n\n")


async def test_every_reader_that_hangs_is_ended(tmp_path: Path) -> None:
    """A pipe that nobody writes into holds up whoever opens it."""
    os.mkfifo(tmp_path / "pipe")
    async with open_parser(Limits(seconds=0.3)) as parser:
        for known in FORMATS[1:]:  # pdfium, the first, opens nothing but files
            with pytest.raises(DocumentUnreadable, match="longer than it may") as failure:
                await parse(parser, tmp_path / "pipe", next(iter(known.types)))
            assert failure.value.code is LIMIT, known.label


@pytest.mark.parametrize("named", sorted({known.extensions[0] for known in FORMATS}))
async def test_a_file_under_a_wrong_name_is_read_as_what_it_is_or_refused(tmp_path: Path, named: str) -> None:
    """Archives and PDF show what they are; a text is what its name says, as long as it can be."""
    for name, write in hostile.SOUND.items():
        write(tmp_path / name)
        own, found = detect_type(tmp_path / name, name), detect_type(tmp_path / name, f"other{named}")
        if name in ARCHIVES or name in ("file.pdf", "file.png"):
            assert found == own
        elif named in (".pdf", ".png", ".docx", ".pptx", ".xlsx", ".epub"):
            assert not found.supported
            assert "plain text" in (found.reason or "")
        else:
            assert found.supported
            assert name not in ("file.html", "file.xml", "file.rss") or found == own
