"""A library of any size, written directly into the stores with vectors that were computed before."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from engines.parsing.version import PARSER_VERSION
from records.document import (
    DocumentSource,
    DocumentStatus,
    ExtractionCoverage,
    NewChunk,
    NewDocument,
    ParsedDocument,
)
from records.ids import DocumentId
from tests.access import LOCAL
from tests.support.library import Library

PASSAGES_PER_DOCUMENT = 100


async def fill(library: Library, texts: Sequence[str], vectors: npt.NDArray[np.float16], first: int) -> None:
    """Add documents of `PASSAGES_PER_DOCUMENT` passages each, starting at passage `first`, and wait for the vector index."""
    for start in range(first, len(texts), PASSAGES_PER_DOCUMENT):
        await _add(
            library, texts[start : start + PASSAGES_PER_DOCUMENT], vectors[start : start + PASSAGES_PER_DOCUMENT], start
        )
    await library.vectors.drain()


async def _add(library: Library, texts: Sequence[str], vectors: npt.NDArray[np.float16], start: int) -> None:
    full_text = "\n\n".join(texts)
    name = f"passages from {start}"
    digest = sha256(f"{start} {full_text}".encode()).hexdigest()
    document, _ = await library.documents.add(
        LOCAL, NewDocument(name, "text/plain", len(full_text), digest, DocumentSource.TEXT)
    )
    await library.ingested.append_text(document.id, 0, full_text)
    await library.ingested.add_chunks(document.id, _chunks(texts))
    coverage = ExtractionCoverage(1, 1, 0, 0, 0, ())
    parsed = ParsedDocument(
        "text/plain", None, None, len(full_text), len(full_text) // 4, coverage, (), {}, PARSER_VERSION
    )
    await library.ingested.finish_parsing(document.id, parsed)
    await _embed(library, document.id, vectors)


async def _embed(library: Library, document_id: DocumentId, vectors: npt.NDArray[np.float16]) -> None:
    chunks = await library.ingested.unembedded(document_id, PASSAGES_PER_DOCUMENT)
    pairs = [(chunk.id, vector.tobytes()) for chunk, vector in zip(chunks, vectors, strict=True)]
    await library.ingested.store_embeddings(document_id, pairs)
    await library.ingested.set_status(document_id, DocumentStatus.READY, progress=1.0)


def _chunks(texts: Sequence[str]) -> list[NewChunk]:
    chunks, start = [], 0
    for index, text in enumerate(texts):
        chunks.append(NewChunk(index, text, "", (), start, start + len(text), None, None, len(text) // 4))
        start += len(text) + 2
    return chunks
