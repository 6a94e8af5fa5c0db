"""A file read from its first block to its last: text and chunks as they come, then what was learned of the whole."""

from collections.abc import Generator, Iterator
from pathlib import PurePosixPath

from engines.parsing.limits import check_size
from engines.parsing.protocol import Event, ParsedChunks, ParsedText, ParseProgress
from engines.parsing.version import PARSER_VERSION
from engines.parsing.worker.block import Block, PageDone, is_heading
from engines.parsing.worker.chunks import Chunker
from engines.parsing.worker.composer import Composer
from engines.parsing.worker.readers import reader_for
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tokens import Tokens
from records.codes import ErrorCode
from records.document import Chunking, DocumentStatus, NewChunk, ParsedDocument
from records.errors import DocumentUnreadable

_TEXT_AT_ONCE = 32 * 1024
_LONGEST_TEXT = 64 * 1024
_CHUNKS_AT_ONCE = 32
_STEP = 0.01
_UNSEEN = "text in pictures is recognized in PDF files and images alone"


class Extraction:
    """Iterate over `events`, then `document` is there."""

    def __init__(self, reading: Reading, chunking: Chunking, tokens: Tokens) -> None:
        self._reading = reading
        self._chunking = chunking
        self._tokens = tokens
        self._composer = Composer(reading.limits)
        self._text: list[str] = []
        self._text_start = self._text_length = 0
        self._chunks: list[NewChunk] = []
        self._told = -1.0
        self._told_pages = 0
        self._chunker: Chunker | None = None

    def events(self) -> Generator[Event]:
        """Raises `DocumentUnreadable`; whatever else a library raises over a damaged file comes through."""
        check_size(self._reading.path.stat().st_size, self._reading.limits.file_bytes)
        blocks = reader_for(self._reading.media_type)(self._reading)
        yield from self._progress()
        for block in blocks:
            if not isinstance(block, PageDone):
                yield from self._block(block)
            yield from self._progress()
        if self._chunker:
            self._chunks += self._chunker.finish()
        yield from self._flush()
        if not self._composer.length:
            raise DocumentUnreadable(ErrorCode.NO_TEXT, self._nothing_read())

    def _nothing_read(self) -> str:
        """Nobody shall wonder why a file full of pictures cannot be found."""
        reading = self._reading
        if reading.page_count and reading.pictures:
            return f"{reading.page_count:,} of {reading.page_count:,} pages hold pictures alone; {_UNSEEN}."
        if reading.pictures:
            return f"There is no text in this file, only {reading.pictures:,} pictures; {_UNSEEN}."
        return "There is no text in this file."

    @property
    def document(self) -> ParsedDocument:
        reading = self._reading
        return ParsedDocument(
            media_type=reading.media_type,
            title=reading.title,
            page_count=reading.page_count,
            character_count=self._composer.length,
            token_count=self._chunker.token_count if self._chunker else 0,
            coverage=reading.coverage(),
            outline=tuple(self._composer.outline),
            properties=reading.properties,
            parser_version=PARSER_VERSION,
        )

    def _context_title(self, first: Block) -> str:
        """The file's own title; else the heading that it begins with; else its name."""
        if not self._reading.title and is_heading(first):
            self._reading.title = first.text
        name = PurePosixPath(self._reading.name.replace("\\", "/")).stem
        return self._reading.title or name.replace("_", " ").replace("-", " ").strip()

    def _block(self, block: Block) -> Iterator[Event]:
        if not self._chunker:
            self._chunker = Chunker(self._tokens, self._chunking, self._context_title(block))
        placed = self._composer.add(block)
        if not placed:
            return
        self._text += (placed.glue, placed.block.text)
        self._text_length += len(placed.glue) + len(placed.block.text)
        self._chunks += self._chunker.add(placed)
        if self._text_length >= _TEXT_AT_ONCE or len(self._chunks) >= _CHUNKS_AT_ONCE:
            yield from self._flush()

    def _flush(self) -> Iterator[Event]:
        """Text first: a chunk never runs ahead of the text that it spans."""
        text = "".join(self._text)
        for begin in range(0, len(text), _LONGEST_TEXT):
            yield ParsedText(self._text_start + begin, text[begin : begin + _LONGEST_TEXT])
        self._text_start += len(text)
        self._text, self._text_length = [], 0
        for begin in range(0, len(self._chunks), _CHUNKS_AT_ONCE):
            yield ParsedChunks(self._chunks[begin : begin + _CHUNKS_AT_ONCE])
        self._chunks = []

    def _progress(self) -> Iterator[Event]:
        """A page that was recognized took long enough to be told of."""
        fraction, looked_at = min(1.0, self._reading.fraction), self._reading.pages_looked_at
        if fraction - self._told >= _STEP or looked_at > self._told_pages:
            self._told, self._told_pages = fraction, looked_at
            yield ParseProgress(DocumentStatus.PARSING, fraction, looked_at)
