"""Interface of the store of sessions, implemented by `persistence/sessions/sessions.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AccessScope, AnyScope
from records.document import EraseReceipt
from records.filters import Order, SessionFilter
from records.ids import CollectionId, DocumentId, MessageId, SessionId
from records.page import Page, PageRequest
from records.session import SessionRecord, SessionSettings


class SessionStore(Protocol):
    """Sessions, their settings, and the documents that are attached to them.

    Each method takes into account only sessions and documents within `scope`. Any other id counts as unknown.
    """

    async def create(
        self,
        scope: AccessScope,
        name: str,
        document_ids: Sequence[DocumentId],
        settings: SessionSettings,
        collection_ids: Sequence[CollectionId] = (),
    ) -> SessionRecord:
        """Store a session that the user of the scope owns, and return it.

        Raises `NotFound` for an unknown document or collection.
        """
        ...

    async def get(self, scope: AnyScope, session_id: SessionId) -> SessionRecord:
        """Return a session. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, scope: AnyScope, session_id: SessionId) -> SessionRecord | None:
        """Return a session, or None if it is unknown."""
        ...

    async def find_many(self, scope: AnyScope, session_ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRecord]:
        """Return the sessions that are known, by id."""
        ...

    async def page(
        self, scope: AnyScope, filter: SessionFilter, order: Order, request: PageRequest
    ) -> Page[SessionRecord]:
        """Return a page of the sessions that match a filter."""
        ...

    async def count(self, scope: AnyScope, filter: SessionFilter) -> int:
        """Return the number of sessions that match a filter."""
        ...

    async def update(
        self,
        scope: AnyScope,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        collection_ids: Sequence[CollectionId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
        head_id: MessageId | None = None,
    ) -> SessionRecord:
        """Change the fields that are not None and return the session.

        Raises `NotFound` for an unknown session, document or collection.
        """
        ...

    async def fork(self, scope: AccessScope, message_id: MessageId, name: str | None) -> SessionRecord:
        """Store a session with copies of the messages up to one of them, and return it. By default, it has the same name.

        Raises `NotFound`, and `Conflict` if the message is unfinished.
        """
        ...

    async def delete(self, scope: AnyScope, session_id: SessionId) -> EraseReceipt:
        """Delete a session with its messages, in one transaction. Raises `NotFound` for an unknown id."""
        ...

    async def document_ids(self, scope: AnyScope, session_id: SessionId) -> tuple[DocumentId, ...]:
        """Return the documents that are attached to a session, without those that are being deleted."""
        ...

    async def attach(self, scope: AccessScope, session_id: SessionId, document_id: DocumentId) -> SessionRecord:
        """Attach a document to a session, after the others. Raises `NotFound` for an unknown session or document."""
        ...

    async def of_document(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]:
        """Return a page of the sessions that a document is attached to."""
        ...

    async def count_of_document(self, scope: AnyScope, document_id: DocumentId) -> int:
        """Return the number of sessions that a document is attached to."""
        ...
