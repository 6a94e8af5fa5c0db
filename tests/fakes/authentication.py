"""Authentication for tests: every request is sent by the local user, or by the user whom its credentials name."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import anyio

from records.access import NOBODY, AccessScope, Exchange, Viewer
from records.ids import UserId
from services.access.authentication import read_bearer
from services.access.revocations import Revocations
from tests.access import LOCAL, STRANGER
from transport import Contexts
from transport.execution.operations import CheckUpload


def make_viewer(scope: AccessScope = LOCAL) -> Viewer:
    return Viewer(scope, "Somebody")


class FakeAuthentication:
    """Authenticates every request as the local user, or as the user of a scope that the credentials name.

    With `token`, requests need this token.
    """

    def __init__(self, token: str | None = None, scopes: dict[str, AccessScope] | None = None) -> None:
        self._token = token
        self._scopes = scopes or {}
        self.revocations = Revocations()

    async def authenticate(self, authorization: str | None) -> Viewer:
        secret = read_bearer(authorization) or ""
        if self._token is not None and secret != self._token:
            return Viewer(NOBODY, problem="This server requires its access token.", may_log_in=False)
        return make_viewer(self._scopes.get(secret, LOCAL))

    @property
    def needs_credentials(self) -> bool:
        return self._token is not None

    async def authenticate_link(self, user_id: UserId, _: object) -> Viewer:
        """Return the local user or the stranger, as the holder of a signed link."""
        return make_viewer(next(scope for scope in (LOCAL, STRANGER) if scope.user_id == user_id))

    def watch(self, viewer: Viewer) -> AbstractContextManager[anyio.Event]:
        return self.revocations.watch(viewer)


def permit_everything(_: Viewer, __: Iterable[str]) -> None:
    """Permit every root field, as `schema.permissions.authorize` does for the local user."""


def make_contexts(
    create: Callable[[Viewer, Exchange], object],
    authentication: FakeAuthentication | None = None,
    authorize: Callable[[Viewer, Iterable[str]], None] = permit_everything,
    check_upload: CheckUpload | None = None,
) -> Contexts:
    """Return contexts whose requests are authenticated by a fake."""
    chosen = authentication or FakeAuthentication()
    return Contexts(chosen.authenticate, authorize, chosen.watch, create, check_upload)
