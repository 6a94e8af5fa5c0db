"""Interface of the store of sessions."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.document import (
    EraseReceipt,
)
from records.filters import Order, SessionFilter
from records.ids import DocumentId, SessionId
from records.page import Page, PageRequest
from records.session import (
    SessionRecord,
    SessionSettings,
)


class SessionStore(Protocol):
    async def create(self, name: str, document_ids: Sequence[DocumentId], settings: SessionSettings) -> SessionRecord:
        """Raises `NotFound` for an unknown document."""
        ...

    async def get(self, session_id: SessionId) -> SessionRecord: ...
    async def find(self, session_id: SessionId) -> SessionRecord | None: ...
    async def find_many(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRecord]: ...
    async def page(self, filter: SessionFilter, order: Order, request: PageRequest) -> Page[SessionRecord]: ...
    async def count(self, filter: SessionFilter) -> int: ...
    async def update(
        self,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
    ) -> SessionRecord: ...
    async def delete(self, session_id: SessionId) -> EraseReceipt: ...
    async def document_ids(self, session_id: SessionId) -> tuple[DocumentId, ...]: ...
    async def of_document(self, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]: ...
    async def count_of_document(self, document_id: DocumentId) -> int: ...
