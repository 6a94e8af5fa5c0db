"""Parsing READY documents again after the parser was improved, while searches keep finding the old text.

The new text, chunks and vectors are staged. Once all are there, one transaction replaces the old ones.
"""

from collections.abc import Sequence

import anyio
import structlog

from engines.embedding import Embedder
from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from records.document import DocumentRecord, ParsedDocument, StagedChunk
from records.errors import DocumentUnreadable, ExpectedError, NotFound
from records.ids import DocumentId
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import BATCH
from services.ingestion.parse_stage import Parser
from services.interfaces.original_files import Originals
from services.interfaces.staging_store import StagingStore
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

log = structlog.get_logger("graphlore.ingestion")


class Reparse:
    """Parses outdated documents again, each at most once while the server runs. A document that fails keeps its old text."""

    def __init__(
        self,
        staging: StagingStore,
        originals: Originals,
        parser: Parser,
        parser_version: int,
        embedder: Embedder,
        indexes: Sequence[VectorIndex],
        events: DocumentEvents,
    ) -> None:
        self._staging = staging
        self._originals = originals
        self._parser = parser
        self._parser_version = parser_version
        self._embedder = embedder
        self._indexes = indexes
        self._events = events
        self._tried: set[DocumentId] = set()

    async def waiting(self) -> Sequence[tuple[DocumentId, int]]:
        """Return ids and sizes in bytes of the outdated documents that were not tried yet, at most 1,000.

        The result is empty while any document is being ingested.
        """
        return await self._staging.outdated(self._parser_version, self._tried)

    async def run(self, document: DocumentRecord) -> None:
        """Parse a document again and replace its text. A failure is logged, and the document keeps its text."""
        self._tried.add(document.id)
        try:
            await self._reparse(document)
        except NotFound:
            log.info("document deleted while it was reparsed", document=document.id)
        except ExpectedError as failure:
            log.warning("document not reparsed", document=document.id, code=failure.code.value)
            if isinstance(failure, DocumentUnreadable) and not failure.retryable:
                await self._staging.leave(document.id, self._parser_version)
            else:
                await self._staging.forget(document.id)
        except anyio.get_cancelled_exc_class():
            self._tried.discard(document.id)
            raise

    async def _reparse(self, document: DocumentRecord) -> None:
        parsed = await retry_after_crash(lambda: self._parse(document))
        if _loses_recognized_text(document, parsed):
            log.warning("document not reparsed: text recognition is not installed", document=document.id)
            await self._staging.forget(document.id)
            return
        kept = await self._staging.keep_unchanged(document.id)
        while batch := await self._staging.unembedded(document.id, BATCH):
            await self._embed(batch)
        replaced = await self._staging.switch(document.id, parsed)
        if replaced is not None:
            self._events.publish_updated(replaced)
            log.info("document reparsed", document=document.id, chunks=replaced.chunk_count, unchanged=kept)
            await self._drain(document.id)

    async def _parse(self, document: DocumentRecord) -> ParsedDocument:
        await self._staging.begin(document.id)
        path = self._originals.path(document.sha256)
        async with self._parser.parse(path, document.media_type, document.name, document.chunking) as parsing:
            async for part in parsing:
                match part:
                    case ParsedText():
                        await self._staging.append_text(document.id, part.start, part.text)
                    case ParsedChunks():
                        await self._staging.add(document.id, part.chunks)
                    case ParseProgress():
                        pass
            return parsing.parsed

    async def _embed(self, batch: Sequence[StagedChunk]) -> None:
        texts = [chunk.embedded_text for chunk in batch]
        vectors = await retry_after_crash(lambda: self._embedder.embed_documents(texts))
        await self._staging.store_embeddings(list(zip(batch, vectors, strict=True)))

    async def _drain(self, document_id: DocumentId) -> None:
        """Apply the outbox. What a worker does not accept now stays in the outbox."""
        for index in self._indexes:
            try:
                await index.drain()
            except ExpectedError as failure:
                log.warning("vectors not replaced yet", document=document_id, code=failure.code.value)


def _loses_recognized_text(document: DocumentRecord, parsed: ParsedDocument) -> bool:
    """Return whether the old text has recognized pages and the new text has none."""
    recognized = document.coverage.pages_recognized if document.coverage else None
    return bool(recognized) and not parsed.coverage.pages_recognized
