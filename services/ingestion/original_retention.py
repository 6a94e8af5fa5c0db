"""Storage and removal of original files, which are kept as long as a document needs them."""

import anyio

from records.access import AccessScope
from records.document import DocumentRecord, DocumentStatus, NewDocument, ReceivedFile
from records.errors import Forbidden, NotFound, RateLimited
from services.ingestion.document_stores import DocumentStores
from services.interfaces.original_files import Originals
from services.usage import Usage


class OriginalRetention:
    """Stores and removes originals. Documents with the same bytes share an original, so one lock covers every change."""

    def __init__(self, originals: Originals, stores: DocumentStores, *, keep: bool, usage: Usage | None = None) -> None:
        """If `keep` is False, the original of a document is removed when the document is READY.

        Without `usage`, uploads are not limited.
        """
        self._originals = originals
        self._stores = stores
        self._keep = keep
        self._usage = usage
        self._lock = anyio.Lock()

    async def add(self, scope: AccessScope, file: ReceivedFile, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Store a received file and its document. Return the document, and whether the user already had it.

        The user has the document already if one of the user's documents has the same bytes. The file is stored first: a
        crash before the document is stored leaves a file without a document, which the next start removes.

        Raises `NotFound` and `Forbidden` if the user or the access to the collection has gone in the meantime, `RateLimited`
        if a new document exceeds the user's limit of uploads, and `DiskFull` if the disk is full.
        """
        async with self._lock:
            await self._check_usage(scope, new)
            await self._originals.adopt(file)
            try:
                document, is_duplicate = await self._stores.requested.add(scope, new)
            except (NotFound, Forbidden):
                await self._remove_unreferenced(new.sha256)
                raise
            if is_duplicate:
                await self._remove_unneeded(document)
        return document, is_duplicate

    async def _check_usage(self, scope: AccessScope, new: NewDocument) -> None:
        """Raise `RateLimited` for a document that is new to the user and exceeds the limit of uploads."""
        try:
            if self._usage is not None:
                await self._usage.check_upload(scope, new.byte_size)
        except RateLimited:
            if not await self._stores.requested.is_stored(scope, new):
                raise

    async def release(self, document: DocumentRecord) -> None:
        """Remove the original of a document that has become READY, unless originals are kept."""
        async with self._lock:
            await self._remove_unneeded(document)

    async def remove_unused(self, sha256: str) -> int:
        """Remove an original that no document has any more, and return its size in bytes; else return 0."""
        async with self._lock:
            return await self._remove_unreferenced(sha256)

    async def _remove_unreferenced(self, sha256: str) -> int:
        return 0 if await self._stores.ingested.original_in_use(sha256) else await self._originals.remove(sha256)

    async def _remove_unneeded(self, document: DocumentRecord) -> None:
        """Remove the original of a READY document, unless originals are kept or another user's document awaits parsing."""
        is_unneeded = not self._keep and document.status is DocumentStatus.READY
        if is_unneeded and not await self._stores.ingested.original_awaited(document.sha256):
            await self._originals.remove(document.sha256)
