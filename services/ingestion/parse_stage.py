"""The first stage of ingestion: the original becomes text, headings and chunks in the database."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from records.document import Chunking, DocumentRecord, DocumentStatus, ParsedDocument
from services.ingestion.document_events import DocumentEvents
from services.interfaces.ingestion_store import IngestionStore
from services.interfaces.original_files import Originals
from services.worker_retry import retry_after_crash


class Parsing(Protocol):
    """A document that is being parsed: an iterator over the results."""

    def __aiter__(self) -> AsyncIterator[ParseProgress | ParsedText | ParsedChunks]:
        """Iterate over progress, text and chunks in the order of the document.

        Raises `DocumentUnreadable` if the parser cannot read the file.
        """
        ...

    @property
    def parsed(self) -> ParsedDocument:
        """The results for the whole document; available after the last iteration."""
        ...


class Parser(Protocol):
    """The parsing engine."""

    def parse(self, path: Path, media_type: str, name: str, chunking: Chunking) -> AbstractAsyncContextManager[Parsing]:
        """Start to parse a file. `name` is the document's name, which becomes part of each `NewChunk.context`."""
        ...


class ParseStage:
    """Parses one document at a time."""

    def __init__(self, documents: IngestionStore, originals: Originals, parser: Parser, events: DocumentEvents) -> None:
        self._documents = documents
        self._originals = originals
        self._parser = parser
        self._events = events

    async def run(self, document: DocumentRecord) -> DocumentRecord:
        """Parse a document from its beginning, and return it as EMBEDDING. Results of an earlier attempt are removed.

        Raises `DocumentUnreadable`, `DiskFull`, and `WorkerCrashed` after the last retry.
        """
        return await retry_after_crash(lambda: self._parse(document))

    async def _parse(self, document: DocumentRecord) -> DocumentRecord:
        await self._documents.restart(document.id)
        document = await self._events.publish_result(self._documents.set_status(document.id, DocumentStatus.PARSING))
        path = self._originals.path(document.sha256)
        async with self._parser.parse(path, document.media_type, document.name, document.chunking) as parsing:
            async for part in parsing:
                document = await self._store(document, part)
            parsed = parsing.parsed
        return await self._events.publish_result(self._documents.finish_parsing(document.id, parsed))

    async def _store(self, document: DocumentRecord, part: ParseProgress | ParsedText | ParsedChunks) -> DocumentRecord:
        match part:
            case ParseProgress():
                status = DocumentStatus(part.stage)
                change = self._documents.set_status(document.id, status, progress=part.fraction)
                return await self._events.publish_result(change)
            case ParsedText():
                await self._documents.append_text(document.id, part.start, part.text)
            case ParsedChunks():
                await self._documents.add_chunks(document.id, part.chunks)
        return document
