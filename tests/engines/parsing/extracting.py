"""Files read in the test's own process, for tests of what comes out; `test_parser.py` tests the worker around it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engines.parsing.detection.detect import detect_type
from engines.parsing.limits import Limits
from engines.parsing.protocol import ParsedChunks, ParsedText
from engines.parsing.worker.extract import Extraction
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tokens import Tokens, open_tokens
from records.document import Chunking, NewChunk, ParsedDocument


@cache
def tokens() -> Tokens:
    return open_tokens()


@dataclass(frozen=True, slots=True)
class Extracted:
    text: str
    chunks: list[NewChunk]
    document: ParsedDocument

    def chunk_with(self, quote: str) -> NewChunk:
        return next(chunk for chunk in self.chunks if quote in chunk.text)


def extract(path: Path, chunking: Chunking | None = None, limits: Limits | None = None) -> Extracted:
    reading = Reading(path, path.name, detect_type(path, path.name).require(), limits or Limits())
    extraction = Extraction(reading, chunking or Chunking(), tokens())
    text, chunks = "", list[NewChunk]()
    for event in extraction.events():
        if isinstance(event, ParsedText):
            assert event.start == len(text)
            text += event.text
        elif isinstance(event, ParsedChunks):
            chunks += event.chunks
            assert chunks[-1].end_offset <= len(text), "a chunk ran ahead of its text"
    return Extracted(text, chunks, extraction.document)


def check_chunks(text: str, chunks: list[NewChunk], max_tokens: int = 256) -> None:
    """What holds for every document: exact spans, in order, covering all that is written, within the embedder's reach."""
    written = [not character.isspace() for character in text]
    for number, chunk in enumerate(chunks):
        assert chunk.index == number
        assert chunk.text == text[chunk.start_offset : chunk.end_offset]
        assert chunk.text == chunk.text.strip() != ""
        assert tokens().count(f"{chunk.context}\n{chunk.text}") + 2 <= max_tokens
        assert chunk.token_count == tokens().count(chunk.text)
        written[chunk.start_offset : chunk.end_offset] = [False] * len(chunk.text)
    assert not any(written), "a character is in no chunk"
    assert [chunk.start_offset for chunk in chunks] == sorted(chunk.start_offset for chunk in chunks)
