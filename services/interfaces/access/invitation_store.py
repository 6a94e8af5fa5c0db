"""Interface of the store of invitations, implemented by `persistence/access/invitations.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from records.access import AccessScope, InvitationRecord, Role
from records.ids import GroupId, InvitationId
from records.page import Page, PageRequest


class InvitationStore(Protocol):
    """Invitations to sign up. A scope includes all of them for administrators, and none for others."""

    async def create(
        self,
        scope: AccessScope,
        digest: str,
        email: str | None,
        role: Role,
        expires_at: datetime,
        group_ids: Sequence[GroupId],
    ) -> InvitationRecord:
        """Store an invitation. Raises `NotFound` for an unknown group."""
        ...

    async def find_valid(self, digest: str) -> InvitationRecord | None:
        """Return an invitation by the digest of its code.

        Return None if it is used or expired, or if its inviter is not active or has no higher role than it grants.
        """
        ...

    async def find_many(
        self, scope: AccessScope, ids: Sequence[InvitationId]
    ) -> Mapping[InvitationId, InvitationRecord]: ...

    async def page(self, scope: AccessScope, request: PageRequest) -> Page[InvitationRecord]:
        """Return a page of invitations, the latest first."""
        ...

    async def count(self, scope: AccessScope) -> int: ...

    async def delete(self, scope: AccessScope, invitation_id: InvitationId) -> InvitationRecord:
        """Erase an invitation and return it. Raises `NotFound`."""
        ...
