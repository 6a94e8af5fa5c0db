"""Interface of the store of users, implemented by `persistence/access/users.py`."""

from typing import Protocol

from records.access import UserRecord


class UserStore(Protocol):
    """The users of the server. There is exactly one with the role SUPERADMIN."""

    async def superadmin(self) -> UserRecord:
        """Return the user with the role SUPERADMIN; without accounts, this is the local user."""
        ...
