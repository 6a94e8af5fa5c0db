"""A library for tests of retrieval: the real stores, chunker, embedder and retriever, without a server."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from engines.embedding import WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedChunks, ParsedText
from engines.parsing.worker.chunking.token_counter import TokenCounter, open_token_counter
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.parse_context import ParseContext
from engines.reranking import LateInteraction, Reranker
from persistence.database.database import open_database
from persistence.documents.chunks import Chunks
from persistence.documents.documents import Documents
from persistence.documents.ingested_documents import IngestedDocuments
from persistence.embeddings.outbox import Outbox
from persistence.search.keywords import Keywords
from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from persistence.vectors.protocol import Start
from records.document import Chunking, DocumentRecord, DocumentSource, DocumentStatus, NewDocument
from records.ids import DocumentId
from records.retrieval import Retrieval, RetrievalQuery
from services.retrieval import Retriever
from services.retrieval.ranking_steps import RankingSteps
from tests.access import LOCAL, SYSTEM
from tests.support.supervisor import open_test_supervisor

EMBEDDING_BATCH = 256
RERANK_SECONDS = 60.0
"Time limit of the reranker, long enough that results do not depend on the load of the machine."


@dataclass
class Library:
    """Documents that `add` stores, `embed` embeds and `search` finds."""

    folder: Path
    documents: Documents
    ingested: IngestedDocuments
    chunks: Chunks
    keywords: Keywords
    vectors: ChromaIndex
    embedder: WorkerEmbedder
    retriever: Retriever
    tokens: TokenCounter
    make_retriever: Callable[[RankingSteps], Retriever]
    "Returns a retriever over the same stores with other ranking steps."

    async def add(self, text: str, name: str, tags: Sequence[str] = ()) -> DocumentRecord:
        """Store and parse a document, so that keyword search finds it.

        If the same text is already stored, return its document.
        """
        content = text.encode()
        new = NewDocument(
            name, "text/plain", len(content), sha256(content).hexdigest(), DocumentSource.TEXT, tags=tuple(tags)
        )
        document, known = await self.documents.add(LOCAL, new)
        return document if known else await self.parse(document, text)

    async def parse(self, document: DocumentRecord, text: str) -> DocumentRecord:
        path = self.folder / "original.txt"
        path.write_bytes(text.encode())
        extraction = Extraction(
            ParseContext(path, document.name, "text/plain", ParsingLimits()), Chunking(), self.tokens
        )
        for event in extraction.events():
            if isinstance(event, ParsedText):
                await self.ingested.append_text(document.id, event.start, event.text)
            elif isinstance(event, ParsedChunks):
                await self.ingested.add_chunks(document.id, event.chunks)
        return await self.ingested.finish_parsing(document.id, extraction.document)

    async def reprocess(self, document: DocumentRecord) -> DocumentRecord:
        text = await self.documents.text(LOCAL, document.id, 0, 10_000_000)
        await self.ingested.restart(document.id)
        return await self.parse(document, text)

    async def embed(self) -> None:
        """Embed all chunks without a vector and set their documents to READY."""
        waiting = await self.ingested.with_status([DocumentStatus.EMBEDDING], limit=1_000_000)
        todo = [(document.id, chunk) for document in waiting for chunk in await self._unembedded(document.id)]
        for first in range(0, len(todo), EMBEDDING_BATCH):
            batch = todo[first : first + EMBEDDING_BATCH]
            texts = [f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text for _, chunk in batch]
            vectors = await self.embedder.embed_documents(texts)
            for document_id in dict.fromkeys(document_id for document_id, _ in batch):
                own = [
                    (chunk.id, vector)
                    for (owner, chunk), vector in zip(batch, vectors, strict=True)
                    if owner == document_id
                ]
                await self.ingested.store_embeddings(document_id, own)
        for document in waiting:
            await self.ingested.set_status(document.id, DocumentStatus.READY, progress=1.0)
        await self.vectors.drain()

    async def _unembedded(self, document_id: DocumentId) -> Sequence[Any]:
        return await self.ingested.unembedded(document_id, 1_000_000)

    async def search(self, text: str, top_k: int = 5, **more: Any) -> Retrieval:
        return await self.retriever.retrieve(LOCAL, RetrievalQuery(text, top_k=top_k, **more))

    async def texts(self, text: str, top_k: int = 5, **more: Any) -> list[str]:
        """Return the texts of the chunks that a search finds, best first."""
        return [hit.chunk.text for hit in (await self.search(text, top_k, **more)).hits]


@asynccontextmanager
async def open_library(
    folder: Path, *, reranker: Reranker | None = None, exact_limit: int | None = None
) -> AsyncIterator[Library]:
    """Open a library in `folder`. With more than `exact_limit` vectors, searches use Chroma's index, else exact search.

    Documents are embedded at normal priority, because the test waits for them.
    """
    database_path = folder / "graphlore.db"
    async with (
        open_database(database_path) as database,
        open_embedder(prompt_worker(), replace(document_worker(), idle_priority=False)) as embedder,
    ):
        spec = vector_worker(database_path, folder / "chroma", embedder.model, embedder.dimensions)
        assert isinstance(spec.start, Start)
        if exact_limit is not None:
            spec = replace(spec, start=Start(**{**_parts(spec.start), "exact_limit": exact_limit}))
        async with (
            open_test_supervisor() as supervisor,
            open_vector_index(supervisor, spec, Outbox(database)) as vectors,
        ):
            documents, chunks, keywords = Documents(database), Chunks(database), Keywords(database)
            reranker = reranker or LateInteraction(embedder, seconds=RERANK_SECONDS)

            def make_retriever(steps: RankingSteps) -> Retriever:
                return Retriever(documents, chunks, keywords, vectors, embedder, reranker, steps=steps)

            ingested = IngestedDocuments(database, SYSTEM)
            yield Library(
                folder, documents, ingested, chunks, keywords, vectors, embedder, make_retriever(RankingSteps()),
                open_token_counter(), make_retriever,
            )  # fmt: skip


def _parts(start: Start) -> dict[str, Any]:
    return {name: getattr(start, name) for name in start.__struct_fields__}
