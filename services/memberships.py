"""The users with access to each collection, in memory: they decide who receives an event.

Queries do not use them: each reads the access from the database. They are read again after each change of access.
"""

from collections.abc import Mapping
from typing import Protocol

from records.access import AccessLevel, Audience
from records.document import DocumentRecord
from records.ids import CollectionId, UserId

Members = Mapping[CollectionId, Mapping[UserId, AccessLevel]]
NOBODY: frozenset[UserId] = frozenset()


class MemberStore(Protocol):
    """The part of the store of collections that lists members."""

    async def members(self) -> Members:
        """Return the users with access to each collection, directly or by a group, with their highest levels."""
        ...


class Memberships:
    """The members of all collections at the time of the last change. Created by `load_memberships`."""

    def __init__(self, store: MemberStore, members: Members) -> None:
        self._store = store
        self._members = members
        self._users = _users(members)

    async def refresh(self) -> tuple[Members, Members]:
        """Read all members again. Return the earlier ones and the present ones.

        The caller must prevent that two calls overlap: the one that reads first could end last.
        """
        present = await self._store.members()
        earlier, self._members, self._users = self._members, present, _users(present)
        return earlier, present

    def of_collection(self, collection_id: CollectionId) -> frozenset[UserId]:
        return self._users.get(collection_id, NOBODY)

    def audience(self, document: DocumentRecord) -> Audience:
        """Return the users who can read a document."""
        members = NOBODY.union(*map(self.of_collection, document.collection_ids))
        return Audience(document.owner_id, members, is_shared=bool(document.collection_ids))


def _users(members: Members) -> Mapping[CollectionId, frozenset[UserId]]:
    return {collection_id: frozenset(levels) for collection_id, levels in members.items()}


async def load_memberships(store: MemberStore) -> Memberships:
    """Return the present members."""
    return Memberships(store, await store.members())
