"""Reading documents again that an older version of the parser read, while they go on being found as they are.

Text, chunks and vectors are made aside; when all are there, one transaction puts them in the place of the old ones.
"""

from collections.abc import Sequence

import structlog

from engines.embedding import Embedder
from engines.ingestion.embedding import BATCH, again_after_crash, embedded_text
from engines.ingestion.feed import DocumentFeed
from engines.ingestion.parsing import Parser
from engines.ingestion.staging import Staging
from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from engines.stores import Originals, VectorIndex
from records.document import DocumentRecord, ParsedDocument
from records.errors import ExpectedError, NotFound
from records.ids import DocumentId

log = structlog.get_logger("graphlore.ingestion")


class Renewal:
    """A document gets one try until the next start; what cannot be read any more stays as it was read before."""

    def __init__(
        self,
        staging: Staging,
        originals: Originals,
        parser: Parser,
        parser_version: int,
        embedder: Embedder,
        vectors: VectorIndex,
        feed: DocumentFeed,
    ) -> None:
        self._staging = staging
        self._originals = originals
        self._parser = parser
        self._parser_version = parser_version
        self._embedder = embedder
        self._vectors = vectors
        self._feed = feed
        self._tried: set[DocumentId] = set()

    async def waiting(self) -> Sequence[tuple[DocumentId, int]]:
        """Ids and sizes in bytes of those that have not had their try; none while others are being ingested."""
        outdated = await self._staging.outdated(self._parser_version)
        return [each for each in outdated if each[0] not in self._tried]

    async def run(self, document: DocumentRecord) -> None:
        """Read it again and switch to what came out; says in the log where that cannot be."""
        self._tried.add(document.id)
        try:
            await again_after_crash(lambda: self._renew(document))
        except NotFound:
            log.info("deleted while it was read again", document=document.id)
        except ExpectedError as failure:
            log.warning("not read again; it stays as it was", document=document.id, code=failure.code.value)
            if not getattr(failure, "retryable", False):
                await self._staging.leave(document.id, self._parser_version)

    async def _renew(self, document: DocumentRecord) -> None:
        await self._staging.begin(document.id)
        parsed = await self._parse(document)
        kept = await self._staging.keep_unchanged(document.id)
        await self._embed(document.id)
        renewed = await self._staging.switch(document.id, parsed)
        if renewed is not None:
            self._feed.updated(renewed)
            await self._vectors.drain()
            log.info("read again", document=document.id, chunks=renewed.chunk_count, unchanged=kept)

    async def _parse(self, document: DocumentRecord) -> ParsedDocument:
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

    async def _embed(self, document_id: DocumentId) -> None:
        while batch := await self._staging.unembedded(document_id, BATCH):
            vectors = await self._embedder.embed_documents([embedded_text(chunk) for chunk in batch])
            await self._staging.store_embeddings(list(zip(batch, vectors, strict=True)))
