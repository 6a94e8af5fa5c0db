"""A parser, an embedder and a vector index without models, which tests can block and crash."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from engines.parsing import ParsedChunks, ParsedText, ParseProgress
from records.document import Chunking, ParsedDocument
from records.ids import DocumentId
from records.retrieval import ScoredChunk
from records.system import WorkerPurpose
from tests.fakes.embedding import FakeEmbedder
from tests.persistence.stores import make_chunk, parsed
from workers import WorkerCrashed


class Gate:
    """A point in the work of a fake that waits while the gate is closed. `reached` is set when it is passed or waited at."""

    def __init__(self) -> None:
        self._is_open = anyio.Event()
        self._is_open.set()
        self.reached = anyio.Event()

    def open(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        self._is_open = anyio.Event()

    async def passed(self) -> None:
        self.reached.set()
        await self._is_open.wait()


class LineParser:
    """Parses text files: each line is a chunk, or each sentence for version 2 and later."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.failure: Exception | None = None
        "Raised by the next calls of `parse`."
        self.gate = Gate()
        "Passed after each chunk."
        self.parsed_names: list[str] = []
        self._crash: Exception | None = None
        self._crash_after, self._crashes = 0, 0

    def crash(self, error: Exception, *, after: int, times: int) -> None:
        """Raise an error after so many chunks in the next calls of `parse`."""
        self._crash, self._crash_after, self._crashes = error, after, times

    def passed_chunk(self, number: int) -> None:
        """Raise the planned error if this is the chunk for it."""
        if self._crash is not None and self._crashes and number >= self._crash_after:
            self._crashes -= 1
            raise self._crash

    @asynccontextmanager
    async def parse(self, path: Path, media_type: str, name: str, chunking: Chunking) -> AsyncIterator["LineParsing"]:
        self.parsed_names.append(name)
        if self.failure is not None:
            raise self.failure
        lines = path.read_text(encoding="utf-8").splitlines()
        if self.version > 1:
            lines = [sentence for line in lines for sentence in re.findall(r"[^.]+\.?", line)]
        yield LineParsing(lines, self)


class LineParsing:
    """One document that `LineParser` parses."""

    def __init__(self, lines: Sequence[str], parser: LineParser) -> None:
        self._lines = lines
        self._parser = parser

    @property
    def parsed(self) -> ParsedDocument:
        return parsed(sum(map(len, self._lines)), self._parser.version)

    async def __aiter__(self) -> AsyncIterator[ParseProgress | ParsedText | ParsedChunks]:
        start = 0
        for index, line in enumerate(self._lines):
            self._parser.passed_chunk(index)
            yield ParsedText(start, line)
            yield ParsedChunks([make_chunk(index, line, start)])
            start += len(line)
            await self._parser.gate.passed()
        self._parser.passed_chunk(len(self._lines))


class GatedEmbedder(FakeEmbedder):
    """An embedder that waits at a gate and crashes as often as `crash` plans."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self._crash_after, self._crashes = 0, 0

    def crash(self, *, after: int = 0, times: int) -> None:
        """Crash so many calls, after so many that succeed."""
        self._crash_after, self._crashes = after, times

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        await self.gate.passed()
        if self._crash_after:
            self._crash_after -= 1
        elif self._crashes:
            self._crashes -= 1
            raise WorkerCrashed(WorkerPurpose.DOCUMENT_EMBEDDING, "was ended by SIGKILL")
        return await super().embed_documents(texts)


class EmptyVectorIndex:
    """A vector index without vectors whose outbox is always applied."""

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        return ()

    async def drain(self) -> int:
        return 0

    async def count(self, document_id: DocumentId | None = None) -> int:
        return 0
