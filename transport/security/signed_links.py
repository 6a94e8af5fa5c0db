"""Signed links: each permits one path for 15 minutes to the user for whom it was made, without the access token.

A browser that follows a link cannot send the token in a header. A signature is an HMAC-SHA256 over the path, the time of its
expiry and the id of the user, with a key derived from the access token. It is valid for no other path and no other user; a
new access token invalidates all links. A link only authenticates: what the user may read is decided when the link is used.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from starlette.requests import HTTPConnection
from starlette.types import Scope

from records.ids import UserId

VALID_SECONDS = 15 * 60
_PURPOSE = b"graphlore: links to downloads"
_EXPIRES, _USER, _SIGNATURE = "expires", "user", "signature"
_STATE = "user_of_link"
"""Name under which the state of a request has the user of its link."""


class Links:
    """Signs links and verifies them. Without an access token, paths are not signed, and no signature is accepted."""

    def __init__(self, token: str | None, now: Callable[[], float] = time.time) -> None:
        self._key = None if token is None else hmac.digest(token.encode(), _PURPOSE, sha256)
        self._now = now

    def sign(self, path: str, user_id: UserId) -> str:
        """Return the path with a signature for a user that is valid for `VALID_SECONDS`."""
        if self._key is None:
            return path
        expires = str(int(self._now()) + VALID_SECONDS)
        signature = self._signature(self._key, path, expires, str(user_id))
        return f"{path}?{_EXPIRES}={expires}&{_USER}={user_id}&{_SIGNATURE}={signature}"

    def find_user(self, method: str, path: str, query: Mapping[str, str]) -> UserId | None:
        """Return the user for whom `path` was signed; None if the query string contains no valid signature of it.

        Only GET and HEAD requests are accepted.
        """
        expires, user, given = (query.get(name, "") for name in (_EXPIRES, _USER, _SIGNATURE))
        if self._key is None or method not in ("GET", "HEAD") or not _is_number(expires) or not _is_number(user):
            return None
        signature = self._signature(self._key, path, expires, user)
        is_right = hmac.compare_digest(signature.encode(), given.encode("utf-8", "replace"))
        return UserId(int(user)) if is_right and int(expires) >= self._now() else None

    @staticmethod
    def _signature(key: bytes, path: str, expires: str, user: str) -> str:
        return hmac.digest(key, f"{path}\n{expires}\n{user}".encode("utf-8", "replace"), sha256).hex()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def set_user_of_link(scope: Scope, user_id: UserId) -> None:
    """Record that a request was authenticated by a link of a user."""
    scope.setdefault("state", {})[_STATE] = user_id


def user_of_link(connection: HTTPConnection) -> UserId | None:
    """Return the user whose link authenticated a request; None if it was authenticated otherwise."""
    user_id: UserId | None = connection.scope.get("state", {}).get(_STATE)
    return user_id
