"""Ingestion over real stores, with a parser and an embedder that work when they are told to."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from persistence.database.database import Database
from persistence.documents.staging import Staging
from persistence.originals import Originals
from records.document import (
    Chunking,
    DocumentRecord,
    DocumentSource,
    DocumentStatus,
    NewDocument,
    ParsedDocument,
    ReceivedFile,
)
from records.errors import ExpectedError
from records.ids import DocumentId
from records.retrieval import ScoredChunk
from records.system import WorkerPurpose
from records.tracing import NoTracing
from services.ingestion import Ingestion, open_ingestion
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import EmbeddingStage
from services.ingestion.parse_stage import ParsingStage
from services.ingestion.reparse import Reparse
from tests.fakes.embedding import FakeEmbedder
from tests.persistence.shelf import Shelf, make_chunk, parsed
from workers import WorkerCrashed


class Gate:
    """Work passes where it is open; `reached` tells that somebody stands in front of it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.reached = asyncio.Event()

    def shut(self) -> None:
        self.open.clear()

    async def passed(self) -> None:
        self.reached.set()
        await self.open.wait()


class WordsParser:
    """Each line of the file is a chunk; from version 2 on each sentence of a line is one."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.failure: ExpectedError | None = None
        self.gate = Gate()
        self.read: list[str] = []

    @asynccontextmanager
    async def parse(self, path: Path, media_type: str, name: str, chunking: Chunking) -> AsyncIterator["Lines"]:
        self.read.append(name)
        if self.failure is not None:
            raise self.failure
        lines = path.read_text(encoding="utf-8").splitlines()
        if self.version > 1:
            lines = [sentence for line in lines for sentence in re.findall(r"[^.]+\.?", line)]
        yield Lines(lines, self.version, self.gate)


class Lines:
    def __init__(self, lines: Sequence[str], version: int, gate: Gate) -> None:
        self._lines = lines
        self._version = version
        self._gate = gate

    @property
    def parsed(self) -> ParsedDocument:
        return parsed(sum(map(len, self._lines)), self._version)

    async def __aiter__(self) -> AsyncIterator[ParseProgress | ParsedText | ParsedChunks]:
        start = 0
        for index, line in enumerate(self._lines):
            yield ParsedText(start, line)
            yield ParsedChunks([make_chunk(index, line, start)])
            start += len(line)
            await self._gate.passed()


class GatedEmbedder(FakeEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.crashes = 0
        "How often it will, from now on."

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        await self.gate.passed()
        if self.crashes:
            self.crashes -= 1
            raise WorkerCrashed(WorkerPurpose.DOCUMENT_EMBEDDING, "was ended by SIGKILL")
        return await super().embed_documents(texts)


class NoVectors:
    """A vector index that is always up to date."""

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        return ()

    async def drain(self) -> int:
        return 0

    async def count(self, document_id: DocumentId | None = None) -> int:
        return 0


class Workshop:
    """Everything of one ingestion."""

    def __init__(self, database: Database, folder: Path, parser_version: int) -> None:
        self.shelf = Shelf(database)
        self.folder = folder
        self.originals = Originals(database, folder / "originals", folder / "incoming")
        self.large, self.small, self.renewing = (WordsParser(parser_version) for _ in range(3))
        self.embedder = GatedEmbedder()
        self.feed = DocumentEvents(self.shelf.documents)
        large, small = (
            ParsingStage(self.shelf.documents, self.shelf.chunks, self.originals, parser, self.feed)
            for parser in (self.large, self.small)
        )
        vectors = NoVectors()
        self.ingestion = Ingestion(
            self.shelf.documents,
            self.originals,
            self.feed,
            large,
            small,
            EmbeddingStage(self.shelf.documents, self.shelf.chunks, vectors, self.embedder, self.feed),
            Reparse(
                Staging(database), self.originals, self.renewing, parser_version, self.embedder, [vectors], self.feed
            ),
            Deletion(self.shelf.documents, vectors, self.originals, self.feed, asyncio.Lock()),
            lambda: 0,
            True,
            NoTracing(),
        )

    async def add(self, name: str, lines: Sequence[str], byte_size: int | None = None) -> DocumentRecord:
        """`byte_size` may say more than there is."""
        content = "\n".join(lines).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        (self.folder / "incoming").mkdir(exist_ok=True)
        part = self.folder / "incoming" / f"{name}.part"
        part.write_bytes(content)
        await self.originals.adopt(ReceivedFile(part, name, len(content), sha256))
        new = NewDocument(name, "text/plain", byte_size or len(content), sha256, DocumentSource.UPLOAD)
        document, _ = await self.shelf.documents.add(new)
        self.ingestion.enqueue(document.id)
        return document

    async def status(self, document: DocumentRecord) -> DocumentStatus:
        return (await self.shelf.documents.get(document.id)).status

    async def until(self, document: DocumentRecord, *statuses: DocumentStatus) -> DocumentRecord:
        async with self.feed.watch(document.id) as changes:
            async for change in changes:
                if change.noun is not None and change.noun.status in statuses:
                    return change.noun
        raise AssertionError("the stream of changes never ends")


@asynccontextmanager
async def open_workshop(
    database: Database, folder: Path, parser_version: int = 1, failure: ExpectedError | None = None
) -> AsyncIterator[Workshop]:
    """`failure`: what the parser for renewal says of every file."""
    workshop = Workshop(database, folder, parser_version)
    workshop.renewing.failure = failure
    async with open_ingestion(workshop.ingestion):
        yield workshop
