"""The rights that each root field requires, besides the access scope, which decides what a field can find."""

from collections.abc import Iterable
from dataclasses import dataclass

from records.access import KeyLimit, Role, Viewer
from records.errors import Forbidden, Unauthenticated


@dataclass(frozen=True, slots=True)
class Permission:
    """The viewers who may use a root field: `limit` is the lowest limit of an API key, None if no API key may use it."""

    limit: KeyLimit | None = KeyLimit.READ
    is_for_admins: bool = False
    is_open: bool = False
    "True if nobody needs credentials."


OPEN = Permission(is_open=True)
READ = Permission()
WRITE = Permission(KeyLimit.WRITE)
LOGIN = Permission(limit=None)
"""For a log-in, not for an API key: it could give itself more rights or a longer life."""
ADMIN = Permission(KeyLimit.ADMIN, is_for_admins=True)

PERMISSIONS: dict[str, Permission] = {
    "__typename": OPEN,
    "__schema": READ,
    "__type": READ,
    # queries
    "viewer": OPEN,
    "signUpOptions": OPEN,
    "node": READ,
    "nodes": READ,
    "document": READ,
    "documents": READ,
    "chunk": READ,
    "search": READ,
    "session": READ,
    "sessions": READ,
    "message": READ,
    "models": READ,
    "model": READ,
    "providers": READ,
    "systemStatus": READ,
    "indexing": READ,
    "settings": READ,
    "limits": READ,
    "user": READ,
    "users": READ,
    "collection": READ,
    "collections": READ,
    "groups": READ,
    "invitations": ADMIN,
    "auditEntries": ADMIN,
    "statistics": ADMIN,
    # mutations
    "enableAccounts": LOGIN,
    "signUp": OPEN,
    "logIn": OPEN,
    "refreshSession": OPEN,
    "logOut": LOGIN,
    "changePassword": Permission(limit=None, is_open=True),
    "updateUser": Permission(KeyLimit.ADMIN),
    "deleteUser": LOGIN,
    "resetPassword": Permission(limit=None, is_for_admins=True),
    "createInvitation": Permission(limit=None, is_for_admins=True),
    "revokeInvitation": ADMIN,
    "createApiKey": LOGIN,
    "revokeApiKey": LOGIN,
    "uploadDocument": WRITE,
    "importDocument": WRITE,
    "updateDocument": WRITE,
    "reprocessDocument": WRITE,
    "cancelIngestion": WRITE,
    "deleteDocument": WRITE,
    "createSession": WRITE,
    "updateSession": WRITE,
    "deleteSession": WRITE,
    "forkSession": WRITE,
    "sendMessage": WRITE,
    "regenerateMessage": WRITE,
    "cancelGeneration": WRITE,
    "deleteMessage": WRITE,
    "rateMessage": WRITE,
    "createCollection": ADMIN,
    "deleteCollection": ADMIN,
    "updateCollection": WRITE,
    "addDocumentsToCollection": WRITE,
    "removeDocumentsFromCollection": WRITE,
    "grantAccess": WRITE,
    "revokeAccess": WRITE,
    "createGroup": ADMIN,
    "updateGroup": ADMIN,
    "deleteGroup": ADMIN,
    "loadModel": ADMIN,
    "unloadModel": ADMIN,
    "updateModelSettings": ADMIN,
    "deleteModel": ADMIN,
    "startIndexing": ADMIN,
    "stopIndexing": ADMIN,
    # subscriptions
    "messageEvents": READ,
    "sessionEvents": READ,
    "modelEvents": READ,
    "documentEvents": READ,
    "collectionEvents": READ,
    "systemMetrics": READ,
    "indexingEvents": READ,
}
"""The permission of every root field. `tests/accounts/test_permissions.py` compares it with the schema."""

LIMITS = (KeyLimit.READ, KeyLimit.WRITE, KeyLimit.ADMIN)


def authorize(viewer: Viewer, names: Iterable[str]) -> None:
    """Raise `Unauthenticated` or `Forbidden` if the viewer may not use one of the root fields."""
    for name in sorted(names):
        _check(viewer, name, PERMISSIONS[name])


def _check(viewer: Viewer, name: str, permission: Permission) -> None:
    if permission.is_open and (viewer.is_nobody or permission.limit is not None):
        return
    if viewer.is_nobody:
        raise Unauthenticated(viewer.problem or "The operation needs credentials.")
    given = viewer.scope.limit
    if given is not None and (permission.limit is None or LIMITS.index(given) < LIMITS.index(permission.limit)):
        raise Forbidden(f"An API key with the limit {given.value} does not permit `{name}`.")
    if permission.is_for_admins and viewer.scope.role is Role.USER:
        raise Forbidden(f"Only administrators may use `{name}`.")
