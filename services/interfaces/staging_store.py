"""Interface of the staging area of reparsing, implemented by `persistence/documents/staging.py`."""

from collections.abc import Collection, Sequence
from typing import Protocol

from records.document import DocumentRecord, NewChunk, ParsedDocument, StagedChunk
from records.ids import DocumentId


class StagingStore(Protocol):
    """The text and the chunks of documents that are parsed again, hidden from every read until `switch`."""

    async def outdated(
        self, parser_version: int, without: Collection[DocumentId] = ()
    ) -> Sequence[tuple[DocumentId, int]]:
        """Return ids and sizes in bytes of READY documents that an older parser has parsed, oldest first, at most 1,000.

        Documents without an original and those in `without` are left out. Returns nothing while any document is being
        ingested.
        """
        ...

    async def begin(self, document_id: DocumentId) -> None:
        """Remove the text and chunks that an earlier attempt has staged.

        Raises `NotFound` for a document that is unknown or being deleted.
        """
        ...

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        """Stage the next piece of the text; `start` is its offset in code points."""
        ...

    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        """Stage a batch of chunks."""
        ...

    async def keep_unchanged(self, document_id: DocumentId) -> int:
        """Pair staged chunks with stored chunks of the same `text` and `context`; return the number of pairs.

        `NewChunk.context` is the title and headings that are embedded with the text: both decide a chunk's vector. Call this
        method after all chunks were staged. A paired chunk keeps its id, its vectors and its citations.
        """
        ...

    async def unembedded(self, document_id: DocumentId, limit: int) -> Sequence[StagedChunk]:
        """Return the next staged chunks that are not paired and have no vector."""
        ...

    async def store_embeddings(self, embeddings: Sequence[tuple[StagedChunk, bytes]]) -> None:
        """Store float16 little-endian unit vectors of staged chunks."""
        ...

    async def switch(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord | None:
        """Replace the document's text and chunks by the staged ones, in one transaction, and return the document.

        The outbox updates the vectors. Returns None, and changes nothing, if the document is not READY any more.
        """
        ...

    async def forget(self, document_id: DocumentId) -> None:
        """Remove the staged text and chunks. `outdated` still returns the document."""
        ...

    async def leave(self, document_id: DocumentId, parser_version: int) -> None:
        """Remove the staged text and chunks, and record `parser_version`, so that the document is not parsed again."""
        ...
