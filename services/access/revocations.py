"""Revocations: they end the open connections of a user whose credentials or rights have changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import anyio

from records.access import Viewer
from records.ids import ApiKeyId, LoginId, UserId

MAX_VIEWERS = 10_000
"""Number of viewers that are kept. All are forgotten when there are more."""


class Revocations:
    """The open connections by their users, and the number of changes, by which kept viewers become outdated."""

    def __init__(self) -> None:
        self.generation = 0
        "Number of changes of users, log-ins and keys so far."
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

    def forget_viewers(self) -> None:
        """Let every request read its user again. Called after each change of users, log-ins and keys."""
        self.generation += 1

    def revoke(
        self,
        user_id: UserId,
        *,
        login_id: LoginId | None = None,
        api_key_id: ApiKeyId | None = None,
        except_login: LoginId | None = None,
    ) -> None:
        """End the connections of a user: those of one log-in or of one API key if it is given, otherwise all."""
        self.forget_viewers()
        for viewer, ended in self._connections.get(user_id, ()):
            key_id = None if viewer.api_key is None else viewer.api_key.id
            is_meant = (login_id is None or viewer.login_id == login_id) and (
                api_key_id is None or key_id == api_key_id
            )
            if is_meant and (except_login is None or viewer.login_id != except_login):
                ended.set()


class CurrentViewers:
    """The viewers of recent requests by their credentials. All are forgotten when something is revoked or changed.

    Only this process changes users, log-ins and keys, so a kept viewer is as current as one that is read again.
    """

    def __init__(self, revocations: Revocations) -> None:
        self._revocations = revocations
        self._generation = 0
        self._viewers: dict[str, Viewer] = {}

    def get(self, secret: str) -> Viewer | None:
        """Return the viewer with these credentials; None if it is not known, or if the credentials have expired."""
        if self._generation != self._revocations.generation:
            self._viewers.clear()
            self._generation = self._revocations.generation
        viewer = self._viewers.get(secret)
        is_expired = viewer is not None and viewer.expires_at is not None and viewer.expires_at <= datetime.now(UTC)
        return None if is_expired else viewer

    def put(self, secret: str, viewer: Viewer) -> None:
        """Keep a viewer, unless something has changed since it was read."""
        if viewer.generation == self._revocations.generation == self._generation:
            if len(self._viewers) >= MAX_VIEWERS:
                self._viewers.clear()
            self._viewers[secret] = viewer
