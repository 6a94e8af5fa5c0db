"""Parsing in the test's own process, for tests of extracted text. `in_worker.py` parses in the worker process."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedChunks, ParsedText
from engines.parsing.worker.chunking.token_counter import TokenCounter, open_token_counter
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.parse_context import ParseContext
from records.document import Chunking, NewChunk, ParsedDocument
from tests.support.documents import samples


@cache
def token_counter() -> TokenCounter:
    return open_token_counter()


@dataclass(frozen=True, slots=True)
class Extracted:
    """The result of parsing a file."""

    text: str
    chunks: list[NewChunk]
    document: ParsedDocument

    def chunk_with(self, quote: str) -> NewChunk:
        """Return the first chunk that contains the quote."""
        return next(chunk for chunk in self.chunks if quote in chunk.text)

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.document.coverage.warnings


def extract(path: Path, chunking: Chunking | None = None, limits: ParsingLimits | None = None) -> Extracted:
    """Detect the type of a file and parse it, without OCR. Raises `Unsupported` and `DocumentUnreadable`."""
    media_type = detect_type(path, path.name).require()
    context = ParseContext(path, path.name, media_type, limits or ParsingLimits())
    extraction = Extraction(context, chunking or Chunking(), token_counter())
    text, chunks = "", list[NewChunk]()
    for event in extraction.events():
        if isinstance(event, ParsedText):
            assert event.start == len(text)
            text += event.text
        elif isinstance(event, ParsedChunks):
            chunks += event.chunks
            assert chunks[-1].end_offset <= len(text), "a chunk was sent before its text"
    return Extracted(text, chunks, extraction.document)


def extract_checked(path: Path) -> Extracted:
    """Parse a file and check its chunks."""
    found = extract(path)
    check_chunks(found.text, found.chunks)
    return found


def extract_content(folder: Path, name: str, content: str) -> Extracted:
    """Write a text file, parse it and check its chunks."""
    (folder / name).write_text(content, encoding="utf-8")
    return extract_checked(folder / name)


def extract_sample(folder: Path, name: str) -> Extracted:
    """Write a file of `tests.support.documents.samples`, parse it and check its chunks."""
    return extract_checked(samples.write(folder, name))


def check_chunks(text: str, chunks: list[NewChunk], max_tokens: int = 256) -> None:
    """Check that chunks quote the text exactly and in order, keep within the token limit, and cover the whole text."""
    uncovered = [not character.isspace() for character in text]
    for number, chunk in enumerate(chunks):
        assert chunk.index == number
        assert chunk.text == text[chunk.start_offset : chunk.end_offset]
        assert chunk.text == chunk.text.strip() != ""
        assert token_counter().count(f"{chunk.context}\n{chunk.text}") + 2 <= max_tokens
        assert chunk.token_count == token_counter().count(chunk.text)
        uncovered[chunk.start_offset : chunk.end_offset] = [False] * len(chunk.text)
    assert not any(uncovered), "a character is in no chunk"
    assert [chunk.start_offset for chunk in chunks] == sorted(chunk.start_offset for chunk in chunks)
