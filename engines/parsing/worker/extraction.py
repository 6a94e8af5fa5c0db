"""Extraction of one document: reads blocks and emits text, chunks and progress."""

from collections.abc import Generator, Iterator

from engines.parsing.parsing_limits import check_size
from engines.parsing.protocol import ParsedChunks, ParsedText, ParseEvent, ParseProgress
from engines.parsing.version import PARSER_VERSION
from engines.parsing.worker.blocks.block import Block, PageDone, is_heading
from engines.parsing.worker.blocks.text_builder import TextBuilder
from engines.parsing.worker.chunking.chunker import Chunker
from engines.parsing.worker.chunking.context_titles import context_titles
from engines.parsing.worker.chunking.token_counter import TokenCounter
from engines.parsing.worker.made_titles import is_made_by_program
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import reader_for
from records.codes import ErrorCode
from records.document import Chunking, DocumentStatus, NewChunk, ParsedDocument
from records.errors import DocumentUnreadable

_TEXT_BUFFER = 32 * 1024
"""Code points of text that are collected before an event is emitted."""
_MAX_EVENT_TEXT = 64 * 1024
_MAX_EVENT_CHUNKS = 32
_PROGRESS_STEP = 0.01
_OCR_SUPPORT = "Text in images is recognized in PDF and image files only."


class Extraction:
    """The extraction of one document. Iterate over `events` once; then `document` is complete."""

    def __init__(self, context: ParseContext, chunking: Chunking, tokens: TokenCounter) -> None:
        self._context = context
        context.is_word = tokens.is_word
        self._chunking = chunking
        self._tokens = tokens
        self._builder = TextBuilder(context.limits)
        self._text: list[str] = []
        self._text_start = self._text_length = 0
        self._chunks: list[NewChunk] = []
        self._reported_fraction = -1.0
        self._reported_ocr_pages = 0
        self._chunker: Chunker | None = None

    def events(self) -> Generator[ParseEvent]:
        """Parse the file and yield its events in order.

        Raises `DocumentUnreadable`. Other exceptions, which libraries raise for damaged files, are passed on unchanged.
        """
        check_size(self._context.path.stat().st_size, self._context.limits.file_bytes)
        blocks = reader_for(self._context.media_type)(self._context)
        yield from self._progress()
        for block in blocks:
            if not isinstance(block, PageDone):
                yield from self._add(block)
            yield from self._progress()
        if self._chunker:
            self._chunks += self._chunker.finish()
        yield from self._flush()
        if not self._builder.length:
            raise DocumentUnreadable(ErrorCode.NO_TEXT, self._no_text_message())

    def _no_text_message(self) -> str:
        context = self._context
        if context.page_count and context.pictures:
            return f"All {context.page_count:,} pages contain images only, so no text was found. {_OCR_SUPPORT}"
        if context.pictures:
            return f"The file contains no text, only {context.pictures:,} images. {_OCR_SUPPORT}"
        return "The file contains no text."

    @property
    def document(self) -> ParsedDocument:
        """The properties of the document. Complete when `events` is exhausted."""
        context = self._context
        return ParsedDocument(
            media_type=context.media_type,
            title=context.title,
            page_count=context.page_count,
            character_count=self._builder.length,
            token_count=self._chunker.token_count if self._chunker else 0,
            coverage=context.coverage(),
            outline=tuple(self._builder.outline),
            properties=context.properties,
            parser_version=PARSER_VERSION,
        )

    def _chunk_titles(self, first: Block) -> tuple[str, ...]:
        """Return the names of the document for the chunks' context.

        A first heading that opens the text also becomes the document's title. A title that a program made is no title.
        """
        if self._context.title and is_made_by_program(self._context.title):
            self._context.title = None
        if not self._context.title and is_heading(first):
            self._context.title = first.text
        return context_titles(self._context.name, self._context.title)

    def _add(self, block: Block) -> Iterator[ParseEvent]:
        if not self._chunker:
            self._chunker = Chunker(self._tokens, self._chunking, self._chunk_titles(block))
        placed = self._builder.add(block)
        if not placed:
            return
        self._text += (placed.separator, placed.block.text)
        self._text_length += len(placed.separator) + len(placed.block.text)
        self._chunks += self._chunker.add(placed)
        if self._text_length >= _TEXT_BUFFER or len(self._chunks) >= _MAX_EVENT_CHUNKS:
            yield from self._flush()

    def _flush(self) -> Iterator[ParseEvent]:
        """Yield the collected text, then the collected chunks, so that a chunk never precedes its text."""
        text = "".join(self._text)
        for begin in range(0, len(text), _MAX_EVENT_TEXT):
            yield ParsedText(self._text_start + begin, text[begin : begin + _MAX_EVENT_TEXT])
        self._text_start += len(text)
        self._text, self._text_length = [], 0
        for begin in range(0, len(self._chunks), _MAX_EVENT_CHUNKS):
            yield ParsedChunks(self._chunks[begin : begin + _MAX_EVENT_CHUNKS])
        self._chunks = []

    def _progress(self) -> Iterator[ParseEvent]:
        """Yield a progress event after each step of one percent and after each page that was passed to OCR."""
        fraction, ocr_pages = min(1.0, self._context.fraction), self._context.ocr_pages
        if fraction - self._reported_fraction >= _PROGRESS_STEP or ocr_pages > self._reported_ocr_pages:
            self._reported_fraction, self._reported_ocr_pages = fraction, ocr_pages
            yield ParseProgress(DocumentStatus.PARSING, fraction, ocr_pages)
