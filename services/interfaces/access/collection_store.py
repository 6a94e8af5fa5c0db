"""Interface of the store of collections, implemented by `persistence/collections/collections.py`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from records.access import (
    AccessLevel,
    AccessScope,
    AnyScope,
    CollectionFields,
    CollectionFilter,
    CollectionRecord,
    CollectionStatistics,
)
from records.ids import CollectionId, DocumentId, SessionId, UserId
from records.page import Page, PageRequest


class CollectionStore(Protocol):
    """The collections that a scope includes: all for administrators, otherwise those with access for the viewer.

    Any other id counts as unknown. The level of a record is that of the user of the scope.
    """

    async def create(self, scope: AccessScope, fields: CollectionFields) -> CollectionRecord:
        """Store a collection without members and documents."""
        ...

    async def get(self, scope: AccessScope, collection_id: CollectionId) -> CollectionRecord:
        """Return a collection. Raises `NotFound`."""
        ...

    async def find_many(self, scope: AnyScope, ids: Sequence[CollectionId]) -> Mapping[CollectionId, CollectionRecord]:
        """Return the collections among `ids` that exist in the scope."""
        ...

    async def require(self, scope: AccessScope, ids: Sequence[CollectionId], level: AccessLevel) -> None:
        """Raise `NotFound` for the first unknown collection, and `Forbidden` if the level in one of them is lower."""
        ...

    async def page(self, scope: AccessScope, filter: CollectionFilter, request: PageRequest) -> Page[CollectionRecord]:
        """Return a page of the collections that match a filter, by name."""
        ...

    async def count(self, scope: AccessScope, filter: CollectionFilter) -> int: ...

    async def update(
        self, scope: AccessScope, collection_id: CollectionId, change: Callable[[CollectionFields], CollectionFields]
    ) -> CollectionRecord:
        """Replace the fields of a collection by those that `change` returns for the present ones.

        No other change happens in between. Raises `NotFound`, `Forbidden` without the level MANAGE, and the errors of
        `change`.
        """
        ...

    async def of_session(self, scope: AccessScope, session_id: SessionId) -> tuple[CollectionRecord, ...]:
        """Return the collections of a session that the scope includes, in the order in which they were chosen."""
        ...

    async def add_documents(
        self, scope: AccessScope, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> tuple[DocumentId, ...]:
        """Add documents that the user may change, and return those that the collection did not contain.

        Raises `NotFound`, and `Forbidden` without the level WRITE or for a document that the user may only read.
        """
        ...

    async def remove_documents(
        self, scope: AccessScope, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> tuple[DocumentId, ...]:
        """Remove documents from a collection, and return those that it contained.

        Raises `NotFound`, `Forbidden` without the level WRITE, and `Conflict` for a document that the collection owns.
        """
        ...

    async def statistics(self, scope: AccessScope, collection_id: CollectionId) -> CollectionStatistics:
        """Return numbers of a collection. Raises `NotFound`, and `Forbidden` without the level MANAGE."""
        ...

    async def members(self) -> Mapping[CollectionId, Mapping[UserId, AccessLevel]]:
        """Return the users with access to each collection, directly or by a group, with their highest levels."""
        ...
