"""Which documents are being worked on, and how that is stopped so that nothing of it comes after."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from records.ids import DocumentId


class Jobs:
    def __init__(self) -> None:
        self._scopes: dict[DocumentId, anyio.CancelScope] = {}
        self._ended: dict[DocumentId, asyncio.Event] = {}
        self._held: set[DocumentId] = set()

    @property
    def running(self) -> int:
        return len(self._scopes)

    def has(self, document_id: DocumentId) -> bool:
        """Whether it is being worked on, or held so that it is not."""
        return document_id in self._held or document_id in self._scopes

    async def run(self, document_id: DocumentId, work: Callable[[], Awaitable[None]]) -> None:
        """Run one piece of work; ends early where it is being stopped. Only for documents that it does not have yet."""
        assert not self.has(document_id)
        with anyio.CancelScope() as scope:
            self._scopes[document_id] = scope
            self._ended[document_id] = ended = asyncio.Event()
            try:
                await work()
            finally:
                del self._scopes[document_id], self._ended[document_id]
                ended.set()

    @asynccontextmanager
    async def stopped(self, document_id: DocumentId) -> AsyncIterator[None]:
        """Nothing works on the document inside this block."""
        self._held.add(document_id)
        try:
            scope = self._scopes.get(document_id)
            if scope is not None:
                ended = self._ended[document_id]
                scope.cancel()
                await ended.wait()
            yield
        finally:
            self._held.discard(document_id)
