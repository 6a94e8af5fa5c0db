"""What renewal needs of the stores. `persistence/documents/staging.py` implements it."""

from collections.abc import Collection, Sequence
from typing import Protocol

from records.document import DocumentRecord, NewChunk, ParsedDocument, StagedChunk
from records.ids import DocumentId


class Staging(Protocol):
    """A document's text and chunks as they are read anew, which nobody sees before `switch`."""

    async def outdated(
        self, parser_version: int, without: Collection[DocumentId] = ()
    ) -> Sequence[tuple[DocumentId, int]]:
        """READY documents with an original that an older version read: ids and sizes in bytes, oldest first, 1,000 at most.

        None while any document is being ingested: those go first.
        """
        ...

    async def begin(self, document_id: DocumentId) -> None:
        """Forget what an earlier try left. Raises `NotFound`, also for a document that is being deleted."""
        ...

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        """One piece of the text, in order; `start` in code points."""
        ...

    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None: ...
    async def keep_unchanged(self, document_id: DocumentId) -> int:
        """Once all chunks were added: note those that say what a present chunk says, and give their number.

        The present chunk then stays, with its id, its vectors and the citations of it.
        """
        ...

    async def unembedded(self, document_id: DocumentId, limit: int) -> Sequence[StagedChunk]:
        """The next of the others that have no vector yet."""
        ...

    async def store_embeddings(self, embeddings: Sequence[tuple[StagedChunk, bytes]]) -> None:
        """Float16 little-endian unit vectors."""
        ...

    async def switch(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord | None:
        """Put all that was added in the place of what is there, in one transaction; vectors go by the outbox.

        None, and nothing changed, where the document is not READY any more.
        """
        ...

    async def forget(self, document_id: DocumentId) -> None:
        """Forget what was added; it can be tried again."""
        ...

    async def leave(self, document_id: DocumentId, parser_version: int) -> None:
        """Forget what was added, and take the document for one that this version has read."""
        ...
