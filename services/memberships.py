"""The users with access to each collection, in memory: they decide who receives an event.

Queries do not use them: each reads the access from the database. They are read again after each change of access.
"""

from collections.abc import Mapping
from typing import Protocol

import anyio

from records.access import AccessLevel, Audience
from records.document import DocumentRecord
from records.ids import CollectionId, UserId

Members = Mapping[CollectionId, Mapping[UserId, AccessLevel]]
"""The users with access to each collection, with the highest of their levels."""
NOBODY: frozenset[UserId] = frozenset()


class MemberStore(Protocol):
    """The part of the store of collections that lists members."""

    async def members(self) -> Members:
        """Return the users with access to each collection, directly or by a group, with the highest of their levels."""
        ...


class Memberships:
    """The members of all collections at the time of the last change. Created by `load_memberships`."""

    def __init__(self, store: MemberStore, members: Members) -> None:
        self._store = store
        self._members = members
        self._refreshing = anyio.Lock()

    async def refresh(self) -> tuple[Members, Members]:
        """Read all members again. Return the earlier ones and the present ones.

        One call waits for the other, so that an earlier and slower query does not replace the result of a later one.
        """
        async with self._refreshing:
            earlier, present = self._members, await self._store.members()
            self._members = present
        return earlier, present

    def of_collection(self, collection_id: CollectionId) -> frozenset[UserId]:
        return frozenset(self._members.get(collection_id, ()))

    def audience(self, document: DocumentRecord) -> Audience:
        """Return the users who can read a document."""
        members = NOBODY.union(*map(self.of_collection, document.collection_ids))
        return Audience(document.owner_id, members, is_shared=bool(document.collection_ids))


async def load_memberships(store: MemberStore) -> Memberships:
    """Return the present members."""
    return Memberships(store, await store.members())
