"""Interfaces of the stores of users: those that a viewer may see, and the accounts that log-ins are checked with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from records.access import AccessScope, AnyScope, CredentialsRecord, Role, UserFilter, UserRecord
from records.ids import SessionId, UserId
from records.page import Page, PageRequest


class UserStore(Protocol):
    """The users that a scope includes: the viewer, or all for administrators and those who manage a collection."""

    async def get(self, scope: AnyScope, user_id: UserId) -> UserRecord:
        """Return a user. Raises `NotFound`."""
        ...

    async def find_many(self, scope: AnyScope, user_ids: Sequence[UserId]) -> Mapping[UserId, UserRecord]:
        """Return the users among `user_ids` that exist in the scope."""
        ...

    async def page(self, scope: AnyScope, filter: UserFilter, request: PageRequest) -> Page[UserRecord]:
        """Return a page of users, the oldest account first."""
        ...

    async def count(self, scope: AnyScope, filter: UserFilter) -> int: ...

    async def update(
        self,
        scope: AnyScope,
        user_id: UserId,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> UserRecord:
        """Change the given columns of a user. Raises `NotFound`."""
        ...

    async def set_active_session(self, scope: AccessScope, session_id: SessionId | None) -> UserRecord:
        """Store the session that the user of the scope has open; None for none. Raises `NotFound` for an unknown session."""
        ...


class AccountStore(Protocol):
    """All accounts with their password hashes. There is exactly one user with the role SUPERADMIN."""

    async def superadmin(self) -> CredentialsRecord:
        """Return the user with the role SUPERADMIN; without accounts, this is the local user."""
        ...

    async def find_by_email(self, email: str) -> CredentialsRecord | None:
        """Return the account with an address, compared without regard to case; None if there is none."""
        ...

    async def find(self, user_id: UserId) -> CredentialsRecord | None: ...

    async def claim_superadmin(self, name: str, email: str, password_hash: str) -> bool:
        """Give the superadmin an address and a password. Return False if there is a password already.

        Erases the API keys and invitations that were created without accounts.
        """
        ...

    async def release_superadmin(self) -> None:
        """Remove the address and the password of the superadmin, so that the server has no accounts."""
        ...

    async def create(
        self, name: str, email: str, password_hash: str, role: Role, *, active: bool, invitation: str | None
    ) -> UserRecord | None:
        """Create an account, and use up the invitation with this digest if it is not None.

        Return None if the address is taken; the invitation then stays valid. Raises `InvalidInput` if the invitation has
        been used or has expired.
        """
        ...

    async def set_password(self, user_id: UserId, password_hash: str, *, except_login: int | None) -> None:
        """Store a new password, and end all log-ins of the user except one."""
        ...

    async def rehash(self, user_id: UserId, old_hash: str, new_hash: str) -> None:
        """Replace the hash of an unchanged password. No-op if the password was changed meanwhile."""
        ...

    async def set_reset_code(
        self, user_id: UserId, digest: str, expires_at: datetime, creator_id: UserId | None
    ) -> None:
        """Store the digest of a code that permits the user to set a new password; it replaces an earlier one.

        The code is valid while its creator is active and has a higher role than the user. `creator_id` is None for the
        command line.
        """
        ...

    async def find_by_reset_code(self, digest: str) -> CredentialsRecord | None:
        """Return the account of a reset code; None if the code is unknown or has expired."""
        ...

    async def use_reset_code(self, digest: str, password_hash: str) -> UserId | None:
        """Erase a reset code, store the new password of its user and end the user's log-ins.

        Return the user; None if the code is unknown, was used or has expired.
        """
        ...

    async def set_seen(self, user_id: UserId) -> None:
        """Store that the user was seen now."""
        ...
