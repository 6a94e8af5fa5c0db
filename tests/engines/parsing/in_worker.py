"""Parsing in the real worker process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engines.parsing.client import Parser, open_parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedChunks, ParsedText, ParseProgress
from records.document import Chunking
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted
from tests.support.own_task import in_own_task


@asynccontextmanager
async def open_module_parser(limits: ParsingLimits | None = None, *, ocr: bool = True) -> AsyncIterator[Parser]:
    """Open a parser that a fixture shares between the tests of a module."""
    async with in_own_task(open_parser(limits, ocr=ocr)) as parser:
        yield parser


async def parse(parser: Parser, path: Path, media_type: str | None = None) -> Extracted:
    """Parse a file, by default as the detected type. Raises `DocumentUnreadable`."""
    text, chunks = "", []
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
        return Extracted(text, chunks, events.parsed)


async def parse_error(parser: Parser, path: Path, media_type: str | None = None) -> DocumentUnreadable:
    """Parse a file that cannot be parsed, and return the error."""
    with pytest.raises(DocumentUnreadable) as failure:
        await parse(parser, path, media_type)
    return failure.value
