"""The parsing client with its real worker: results, limits, crashes and cancellation."""

import contextlib
import os
import signal
from pathlib import Path

import anyio
import pytest

from engines.parsing.client import Parser, open_parser
from engines.parsing.parsing_limits import ParsingLimits
from records.codes import ErrorCode
from records.document import Chunking
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import check_chunks
from tests.engines.parsing.in_worker import parse, parse_error
from tests.engines.parsing.safety.hostile_files import flip_bytes
from tests.support.documents import files


async def kill_during_parse(parser: Parser, path: Path) -> None:
    async with parser.parse(path, "text/plain", path.name, Chunking()) as events:
        async for _ in events:
            if parser.worker.pid:
                os.kill(parser.worker.pid, signal.SIGKILL)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\n\nall is well.\n")
    return path


@pytest.fixture
def long_text(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text("word " * 2_000_000)
    return path


async def test_a_document_is_parsed_completely(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "handbook.pdf", 40)
    async with open_parser() as parser:
        handbook = await parse(parser, tmp_path / "handbook.pdf")
    check_chunks(handbook.text, handbook.chunks)
    assert handbook.document.page_count == 40
    assert handbook.document.character_count == len(handbook.text)


async def test_a_rejected_file_does_not_affect_the_next_one(tmp_path: Path, letter: Path) -> None:
    files.write_encrypted_pdf(tmp_path / "secret.pdf")
    files.write_zip_bomb(tmp_path / "bomb.docx", 600)
    async with open_parser() as parser:
        for name, code in (("secret.pdf", ErrorCode.ENCRYPTED_DOCUMENT), ("bomb.docx", ErrorCode.PARSER_LIMIT)):
            assert (await parse_error(parser, tmp_path / name)).code is code
        pid = parser.worker.pid
        assert (await parse(parser, letter)).text == "Dear reader,\n\nall is well."
        assert parser.worker.pid == pid


async def test_an_unexpected_exception_is_reported_as_a_damaged_file(tmp_path: Path) -> None:
    async with open_parser() as parser:
        failure = await parse_error(parser, tmp_path / "missing.txt", "text/plain")
    assert failure.code is ErrorCode.CORRUPT_DOCUMENT
    assert "Traceback" not in failure.message


async def test_a_parser_above_the_time_limit_is_ended(tmp_path: Path) -> None:
    files.write_pdf(tmp_path / "slow.pdf")
    async with open_parser(ParsingLimits(seconds=0.01)) as parser:
        failure = await parse_error(parser, tmp_path / "slow.pdf")
    assert failure.code is ErrorCode.PARSER_LIMIT
    assert "time limit of 0.01 seconds" in failure.message


async def test_a_parser_above_the_cpu_limit_is_ended(tmp_path: Path, letter: Path) -> None:
    (tmp_path / "heavy.md").write_text(files.MARKDOWN * 20_000)
    async with open_parser(ParsingLimits(cpu_seconds=1)) as parser:
        failure = await parse_error(parser, tmp_path / "heavy.md")
        assert failure.code is ErrorCode.PARSER_LIMIT
        assert "CPU time" in failure.message
        assert (await parse(parser, letter)).text


async def test_a_killed_parser_fails_the_file_as_retryable_and_is_restarted(long_text: Path, letter: Path) -> None:
    async with open_parser() as parser:
        with pytest.raises(DocumentUnreadable) as failure:
            await kill_during_parse(parser, long_text)
        assert failure.value.retryable
        assert (await parse(parser, letter)).text


async def test_leaving_the_stream_early_frees_the_parser(long_text: Path, letter: Path) -> None:
    async with open_parser() as parser:
        async with parser.parse(long_text, "text/plain", "long.txt", Chunking()) as events:
            await anext(aiter(events))
        with anyio.fail_after(50):
            assert (await parse(parser, letter)).text


async def test_files_with_changed_bytes_are_parsed_or_rejected(tmp_path: Path, letter: Path) -> None:
    async with open_parser() as parser:
        for seed in range(12):
            for name, write in (("f.pdf", files.write_pdf), ("f.docx", files.write_docx)):
                write(tmp_path / name)
                flip_bytes(tmp_path / name, 4, seed)
                with contextlib.suppress(DocumentUnreadable):
                    assert (await parse(parser, tmp_path / name)).text
        assert (await parse(parser, letter)).text
