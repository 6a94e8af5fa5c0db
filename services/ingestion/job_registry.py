"""Which documents are being worked on, and how that is stopped so that nothing of it comes after."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from records.ids import DocumentId


@dataclass(slots=True)
class _Hold:
    """One after the other has the lock; the document is held until the last of them is done."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted_by: int = 0


class JobRegistry:
    def __init__(self) -> None:
        self._scopes: dict[DocumentId, anyio.CancelScope] = {}
        self._ended: dict[DocumentId, asyncio.Event] = {}
        self._holds: dict[DocumentId, _Hold] = {}

    @property
    def running(self) -> int:
        return len(self._scopes)

    def has(self, document_id: DocumentId) -> bool:
        """Whether it is being worked on, or held so that it is not."""
        return document_id in self._holds or document_id in self._scopes

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
        """Nothing works on the document inside this block, and nobody else is in one for it."""
        hold = self._holds.setdefault(document_id, _Hold())
        hold.wanted_by += 1
        try:
            async with hold.lock:
                scope = self._scopes.get(document_id)
                if scope is not None:
                    ended = self._ended[document_id]
                    scope.cancel()
                    await ended.wait()
                yield
        finally:
            hold.wanted_by -= 1
            if not hold.wanted_by:
                del self._holds[document_id]
