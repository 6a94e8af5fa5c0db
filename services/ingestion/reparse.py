"""Reading documents again that an older version of the parser read, while they go on being found as they are.

Text, chunks and vectors are made aside; when all are there, one transaction puts them in the place of the old ones.
"""

import asyncio
from collections.abc import Sequence

import structlog

from engines.embedding import Embedder
from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from records.document import DocumentRecord, ParsedDocument, StagedChunk
from records.errors import DocumentUnreadable, ExpectedError, NotFound
from records.ids import DocumentId
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import BATCH
from services.ingestion.parse_stage import Parser
from services.ingestion.staging_store import Staging
from services.interfaces.original_files import Originals
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

log = structlog.get_logger("graphlore.ingestion")


class Reparse:
    """A document gets one try until the next start; what cannot be read any more stays as it was read before."""

    def __init__(
        self,
        staging: Staging,
        originals: Originals,
        parser: Parser,
        parser_version: int,
        embedder: Embedder,
        indexes: Sequence[VectorIndex],
        feed: DocumentEvents,
    ) -> None:
        self._staging = staging
        self._originals = originals
        self._parser = parser
        self._parser_version = parser_version
        self._embedder = embedder
        self._indexes = indexes
        self._feed = feed
        self._tried: set[DocumentId] = set()

    async def waiting(self) -> Sequence[tuple[DocumentId, int]]:
        """Ids and sizes in bytes of those that have not had their try, 1,000 at most; none while others are ingested."""
        return await self._staging.outdated(self._parser_version, self._tried)

    async def run(self, document: DocumentRecord) -> None:
        """Read it again and switch to what came out; says in the log where that cannot be."""
        self._tried.add(document.id)
        try:
            await self._renew(document)
        except NotFound:
            log.info("deleted while it was read again", document=document.id)
        except ExpectedError as failure:
            log.warning("not read again; it stays as it was", document=document.id, code=failure.code.value)
            if isinstance(failure, DocumentUnreadable) and not failure.retryable:
                await self._staging.leave(document.id, self._parser_version)
            else:
                await self._staging.forget(document.id)
        except asyncio.CancelledError:
            self._tried.discard(document.id)
            raise

    async def _renew(self, document: DocumentRecord) -> None:
        parsed = await retry_after_crash(lambda: self._parse(document))
        if _is_blinder(document, parsed):
            log.warning("not read again: recognizing text in pictures is not installed any more", document=document.id)
            await self._staging.forget(document.id)
            return
        kept = await self._staging.keep_unchanged(document.id)
        while batch := await self._staging.unembedded(document.id, BATCH):
            await self._embed(batch)
        renewed = await self._staging.switch(document.id, parsed)
        if renewed is not None:
            self._feed.updated(renewed)
            log.info("read again", document=document.id, chunks=renewed.chunk_count, unchanged=kept)
            await self._drain(document.id)

    async def _parse(self, document: DocumentRecord) -> ParsedDocument:
        await self._staging.begin(document.id)
        path = self._originals.path(document.sha256)
        async with self._parser.parse(path, document.media_type, document.name, document.chunking) as parsing:
            async for piece in parsing:
                match piece:
                    case ParsedText():
                        await self._staging.append_text(document.id, piece.start, piece.text)
                    case ParsedChunks():
                        await self._staging.add(document.id, piece.chunks)
                    case ParseProgress():
                        pass
            return parsing.parsed

    async def _embed(self, batch: Sequence[StagedChunk]) -> None:
        texts = [chunk.embedded_text for chunk in batch]
        vectors = await retry_after_crash(lambda: self._embedder.embed_documents(texts))
        await self._staging.store_embeddings(list(zip(batch, vectors, strict=True)))

    async def _drain(self, document_id: DocumentId) -> None:
        """What is not applied now waits in the outbox."""
        for index in self._indexes:
            try:
                await index.drain()
            except ExpectedError as failure:
                log.warning("vectors follow later", document=document_id, code=failure.code.value)


def _is_blinder(document: DocumentRecord, parsed: ParsedDocument) -> bool:
    """Whether text that was recognized in pictures would be lost."""
    recognized = document.coverage.pages_recognized if document.coverage else None
    return bool(recognized) and not parsed.coverage.pages_recognized
