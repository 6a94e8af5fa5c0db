import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from engines.parsing.client import Parser, open_parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.limits import Limits
from engines.parsing.protocol import ParsedChunks, ParsedText, ParseProgress
from records.codes import ErrorCode
from records.document import Chunking, NewChunk, ParsedDocument
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import check_chunks
from tests.support import files


async def parse(
    parser: Parser, path: Path, media_type: str | None = None
) -> tuple[str, list[NewChunk], ParsedDocument]:
    text, chunks = "", list[NewChunk]()
    media_type = media_type or detect_type(path, path.name).media_type
    async with parser.parse(path, media_type, path.name, Chunking()) as events:
        async for event in events:
            match event:
                case ParsedText():
                    assert event.start == len(text)
                    text += event.text
                case ParsedChunks():
                    chunks += event.chunks
                case ParseProgress():
                    assert 0 <= event.fraction <= 1
        return text, chunks, events.parsed


async def kill_while_it_parses(parser: Parser, path: Path) -> None:
    async with parser.parse(path, "text/plain", path.name, Chunking()) as events:
        async for _ in events:
            if parser.worker.pid:
                os.kill(parser.worker.pid, signal.SIGKILL)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\n\nall is well.\n")
    return path


async def test_a_document_arrives_whole_from_the_worker(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "handbook.pdf", 40)
    async with open_parser() as parser:
        text, chunks, document = await parse(parser, tmp_path / "handbook.pdf")
    check_chunks(text, chunks)
    assert document.page_count == 40
    assert document.character_count == len(text)


async def test_bad_files_get_plain_reasons_and_the_next_file_is_read(tmp_path: Path, letter: Path) -> None:
    files.write_encrypted_pdf(tmp_path / "secret.pdf")
    files.write_zip_bomb(tmp_path / "bomb.docx", 600)
    async with open_parser() as parser:
        for name, code in (("secret.pdf", ErrorCode.ENCRYPTED_DOCUMENT), ("bomb.docx", ErrorCode.PARSER_LIMIT)):
            with pytest.raises(DocumentUnreadable) as failure:
                await parse(parser, tmp_path / name)
            assert failure.value.code is code
        pid = parser.worker.pid
        text, _, _ = await parse(parser, letter)
        assert text == "Dear reader,\n\nall is well."
        assert parser.worker.pid == pid


async def test_a_file_that_surprises_its_parser_is_a_damaged_one(tmp_path: Path) -> None:
    async with open_parser() as parser:
        with pytest.raises(DocumentUnreadable) as failure:
            await parse(parser, tmp_path / "missing.txt", "text/plain")
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT
    assert "Traceback" not in failure.value.message


async def test_a_parser_that_takes_too_long_is_ended(tmp_path: Path, letter: Path) -> None:
    files.write_pdf(tmp_path / "slow.pdf")
    async with open_parser(Limits(seconds=0.01)) as parser:
        with pytest.raises(DocumentUnreadable, match="longer than it may") as failure:
            await parse(parser, tmp_path / "slow.pdf")
        assert failure.value.code is ErrorCode.PARSER_LIMIT


async def test_a_parser_that_computes_too_much_is_ended(tmp_path: Path, letter: Path) -> None:
    (tmp_path / "heavy.md").write_text(files.MARKDOWN * 20_000)
    async with open_parser(Limits(cpu_seconds=1)) as parser:
        with pytest.raises(DocumentUnreadable, match="computing time") as failure:
            await parse(parser, tmp_path / "heavy.md")
        assert failure.value.code is ErrorCode.PARSER_LIMIT
        assert (await parse(parser, letter))[0]


async def test_a_killed_parser_fails_the_file_retryably_and_comes_back(tmp_path: Path, letter: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 2_000_000)
    async with open_parser() as parser:
        with pytest.raises(DocumentUnreadable) as failure:
            await kill_while_it_parses(parser, tmp_path / "long.txt")
        assert failure.value.retryable
        assert (await parse(parser, letter))[0]


async def test_leaving_early_frees_the_parser(tmp_path: Path, letter: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 2_000_000)
    async with open_parser() as parser:
        async with parser.parse(tmp_path / "long.txt", "text/plain", "long.txt", Chunking()) as events:
            await anext(aiter(events))
        async with asyncio.timeout(50):
            assert (await parse(parser, letter))[0]


async def test_flipped_bytes_end_in_text_or_in_a_plain_reason(tmp_path: Path, letter: Path) -> None:
    async with open_parser() as parser:
        for seed in range(12):
            for name, write in (("f.pdf", files.write_pdf), ("f.docx", files.write_docx)):
                write(tmp_path / name)
                files.flip(tmp_path / name, 4, seed)
                with contextlib.suppress(DocumentUnreadable):
                    assert (await parse(parser, tmp_path / name))[0]
        assert (await parse(parser, letter))[0]
