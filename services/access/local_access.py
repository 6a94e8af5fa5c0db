"""Access on a server without accounts: every request acts as the local user."""

from records.access import AccessScope
from services.interfaces.user_store import UserStore


class LocalAccess:
    """Resolves every request to the scope of the local user, without a query. Created by `open_local_access`."""

    def __init__(self, scope: AccessScope) -> None:
        self._scope = scope

    async def resolve(self) -> AccessScope:
        """Return the scope of a request."""
        return self._scope


async def open_local_access(users: UserStore) -> LocalAccess:
    """Read the local user from the store, and return an access that uses the scope of this user for every request."""
    user = await users.superadmin()
    return LocalAccess(AccessScope(user.id, user.role))
