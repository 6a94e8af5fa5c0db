"""Revocations: they end the open connections of a user whose credentials or rights have changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from records.access import Viewer
from records.ids import ApiKeyId, LoginId, UserId


class Revocations:
    """The open connections by their users."""

    def __init__(self) -> None:
        self.generation = 0
        "Number of revocations so far."
        self._connections: dict[UserId, list[tuple[Viewer, anyio.Event]]] = {}

    @contextmanager
    def watch(self, viewer: Viewer) -> Iterator[anyio.Event]:
        """Yield an event that is set when the credentials of the viewer are revoked.

        It is set at once if anything was revoked since the viewer was authenticated: the connection is opened again.
        """
        connection = (viewer, anyio.Event())
        if viewer.generation != self.generation:
            connection[1].set()
        own = self._connections.setdefault(viewer.scope.user_id, [])
        own.append(connection)
        try:
            yield connection[1]
        finally:
            own.remove(connection)
            if not own:
                self._connections.pop(viewer.scope.user_id, None)

    def revoke(
        self,
        user_id: UserId,
        *,
        login_id: LoginId | None = None,
        api_key_id: ApiKeyId | None = None,
        except_login: LoginId | None = None,
    ) -> None:
        """End the connections of a user: those of one log-in or of one API key if it is given, otherwise all."""
        self.generation += 1
        for viewer, ended in self._connections.get(user_id, ()):
            key_id = None if viewer.api_key is None else viewer.api_key.id
            is_meant = (login_id is None or viewer.login_id == login_id) and (
                api_key_id is None or key_id == api_key_id
            )
            if is_meant and (except_login is None or viewer.login_id != except_login):
                ended.set()
