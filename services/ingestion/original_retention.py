"""Storage and removal of original files, which are kept as long as a document needs them."""

import anyio

from records.document import DocumentRecord, DocumentStatus, NewDocument, ReceivedFile
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals


class OriginalRetention:
    """Stores and removes originals. Documents with the same bytes share one, so one lock covers every change."""

    def __init__(self, originals: Originals, documents: DocumentStore, *, keep: bool) -> None:
        """`keep` False: the original of a document is removed once the document is READY."""
        self._originals = originals
        self._documents = documents
        self._keep = keep
        self._lock = anyio.Lock()

    async def add(self, file: ReceivedFile, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Store a received file and its document; return that, and whether one with the same bytes existed already.

        The file is stored first: a crash between the two leaves a file that the next start removes, and never a document
        without its file. Raises `DiskFull` if the disk is full.
        """
        async with self._lock:
            await self._originals.adopt(file)
            document, is_duplicate = await self._documents.add(new)
            if is_duplicate and self._is_unneeded(document):
                await self._originals.remove(document.sha256)
        return document, is_duplicate

    async def release(self, document: DocumentRecord) -> None:
        """Remove the original of a document that has become READY, unless originals are kept."""
        async with self._lock:
            if self._is_unneeded(document):
                await self._originals.remove(document.sha256)

    async def remove_unused(self, sha256: str) -> int:
        """Remove an original that no document has any more, and return its size in bytes; else return 0."""
        async with self._lock:
            return 0 if await self._documents.original_in_use(sha256) else await self._originals.remove(sha256)

    def _is_unneeded(self, document: DocumentRecord) -> bool:
        return not self._keep and document.status is DocumentStatus.READY
