"""The first stage of a job: the original becomes text, headings and chunks in the database, searchable by words."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from records.document import Chunking, DocumentRecord, DocumentStatus, ParsedDocument
from services.ingestion.document_events import DocumentEvents
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals
from services.worker_retry import retry_after_crash


class Parsing(Protocol):
    """A document that is being parsed: an iterator of what comes out; `parsed` once it has ended."""

    def __aiter__(self) -> AsyncIterator[ParseProgress | ParsedText | ParsedChunks]: ...
    @property
    def parsed(self) -> ParsedDocument: ...


class Parser(Protocol):
    def parse(
        self, path: Path, media_type: str, name: str, chunking: Chunking
    ) -> AbstractAsyncContextManager[Parsing]: ...


class ParsingStage:
    def __init__(
        self, documents: DocumentStore, chunks: ChunkStore, originals: Originals, parser: Parser, feed: DocumentEvents
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._originals = originals
        self._parser = parser
        self._feed = feed

    async def run(self, document: DocumentRecord) -> DocumentRecord:
        """Parse from the beginning, whatever an earlier try left. Raises `DocumentUnreadable` and `DiskFull`."""
        return await retry_after_crash(lambda: self._parse(document))

    async def _parse(self, document: DocumentRecord) -> DocumentRecord:
        await self._documents.restart(document.id)
        document = await self._feed.after(self._documents.set_status(document.id, DocumentStatus.PARSING))
        path = self._originals.path(document.sha256)
        async with self._parser.parse(path, document.media_type, document.name, document.chunking) as parsing:
            async for piece in parsing:
                document = await self._take(document, piece)
            parsed = parsing.parsed
        return await self._feed.after(self._documents.finish_parsing(document.id, parsed))

    async def _take(self, document: DocumentRecord, piece: ParseProgress | ParsedText | ParsedChunks) -> DocumentRecord:
        match piece:
            case ParseProgress():
                stage = DocumentStatus(piece.stage)
                return await self._feed.after(self._documents.set_status(document.id, stage, progress=piece.fraction))
            case ParsedText():
                await self._documents.append_text(document.id, piece.start, piece.text)
            case ParsedChunks():
                await self._chunks.add(document.id, piece.chunks)
        return document
