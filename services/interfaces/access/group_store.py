"""Interface of the store of groups, implemented by `persistence/access/groups.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AccessScope, GroupRecord
from records.ids import GroupId, UserId
from records.page import Page, PageRequest


class GroupStore(Protocol):
    """The groups that a scope includes: all for administrators and for those who manage a collection, else one's own.

    Only administrators may change groups; the caller checks that.
    """

    async def create(self, scope: AccessScope, name: str, member_ids: Sequence[UserId]) -> GroupRecord:
        """Store a group. Raises `NotFound` for an unknown user, and `Conflict` if the name is taken."""
        ...

    async def find_many(self, scope: AccessScope, ids: Sequence[GroupId]) -> Mapping[GroupId, GroupRecord]:
        """Return the groups among `ids` that exist in the scope."""
        ...

    async def page(self, scope: AccessScope, request: PageRequest) -> Page[GroupRecord]:
        """Return a page of the groups, by name."""
        ...

    async def count(self, scope: AccessScope) -> int: ...

    async def update(
        self, scope: AccessScope, group_id: GroupId, *, name: str | None, member_ids: Sequence[UserId] | None
    ) -> GroupRecord:
        """Change the name or replace all members. Raises `NotFound` and `Conflict`."""
        ...

    async def delete(self, scope: AccessScope, group_id: GroupId) -> GroupRecord:
        """Delete a group and the access that its members have by it. Raises `NotFound`."""
        ...

    async def of_user(self, scope: AccessScope, user_id: UserId) -> tuple[GroupRecord, ...]:
        """Return the groups of a user that the scope includes, by name."""
        ...

    async def set_of_user(self, scope: AccessScope, user_id: UserId, group_ids: Sequence[GroupId]) -> None:
        """Replace the groups of a user. Raises `NotFound` for an unknown group."""
        ...
