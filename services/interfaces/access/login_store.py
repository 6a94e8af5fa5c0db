"""Interface of the store of log-ins and their refresh tokens, implemented by `persistence/access/logins.py`."""

from datetime import datetime
from typing import Protocol

from records.access import AccessScope, CredentialsRecord, LoginRecord, RefreshedLogin, UserRecord
from records.ids import LoginId, UserId


class LoginStore(Protocol):
    """Log-ins of active users. A log-in that has ended is erased with its refresh tokens."""

    async def create(
        self,
        account: CredentialsRecord,
        client: str,
        refresh_digest: str,
        ends_at: datetime,
        refresh_expires_at: datetime,
    ) -> LoginRecord | None:
        """Store a log-in of a verified account.

        Return None if the account is not active or has another password hash than `account`.
        """
        ...

    async def find_user(self, login_id: LoginId) -> UserRecord | None:
        """Return the user of a log-in; None if the log-in has ended or the user is not active."""
        ...

    async def use_refresh_token(self, digest: str, new_digest: str, new_expires_at: datetime) -> RefreshedLogin | None:
        """Use up a refresh token and store the next one of its log-in. A token that was used before stores none.

        Return None for a token that is unknown or has expired, and for a log-in of a user who is not active.
        """
        ...

    async def of_user(self, scope: AccessScope) -> tuple[LoginRecord, ...]:
        """Return the viewer's log-ins, the latest first."""
        ...

    async def end(self, scope: AccessScope, login_id: LoginId) -> None:
        """End a log-in of the viewer. Raises `NotFound`."""
        ...

    async def end_all(self, user_id: UserId) -> int:
        """End all log-ins of a user and return their number."""
        ...

    async def end_family(self, login_id: LoginId) -> None:
        """End a log-in whose refresh token was used twice."""
        ...

    async def remove_expired(self) -> None:
        """Erase log-ins whose time is over."""
        ...
