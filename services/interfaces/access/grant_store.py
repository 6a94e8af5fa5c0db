"""Interface of the store of the access to collections, implemented by `persistence/collections/collection_grants.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AccessLevel, AccessScope, GrantRecord, Principals
from records.ids import CollectionId, GrantId
from records.page import Page, PageRequest


class GrantStore(Protocol):
    """The access of users and groups to the collections that the user of a scope manages.

    Every other method raises `NotFound` for a collection, user or group outside of the scope, and `Forbidden` without the
    level MANAGE in the collection.
    """

    async def find_many(self, scope: AccessScope, ids: Sequence[GrantId]) -> Mapping[GrantId, GrantRecord]:
        """Return the grants among `ids` that belong to collections which the user of the scope manages."""
        ...

    async def page(self, scope: AccessScope, collection_id: CollectionId, request: PageRequest) -> Page[GrantRecord]:
        """Return a page of the grants of a collection, the oldest first."""
        ...

    async def count(self, scope: AccessScope, collection_id: CollectionId) -> int: ...

    async def grant(
        self, scope: AccessScope, collection_id: CollectionId, principals: Principals, level: AccessLevel
    ) -> None:
        """Give users and groups access at a level, which replaces an earlier level."""
        ...

    async def revoke(self, scope: AccessScope, collection_id: CollectionId, principals: Principals) -> None:
        """End the access of users and groups. A user may keep access by a group."""
        ...
