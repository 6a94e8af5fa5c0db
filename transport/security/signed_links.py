"""Signed links: each permits one path for 15 minutes to the user for whom it was made, without other credentials.

A browser that follows a link cannot send a header. A signature is an HMAC-SHA256 over the path, the time of its expiry, and
the ids of the user and of the log-in. It is valid for no other path and no other user. A link only authenticates: what the
user may read is decided when the link is used, and it ends with its log-in.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple

from starlette.requests import HTTPConnection
from starlette.types import Scope

from records.access import Viewer
from records.ids import LoginId, UserId

VALID_SECONDS = 15 * 60
_EXPIRES, _USER, _LOGIN, _SIGNATURE = "expires", "user", "login", "signature"
_STATE = "link_holder"
"""Name under which the state of a request has the holder of its link."""
_MAX_DIGITS = 18


class LinkHolder(NamedTuple):
    """The user for whom a link was made, and the log-in with which it ends; None if it was made without a log-in."""

    user_id: UserId
    login_id: LoginId | None


class Links:
    """Signs links and verifies them with a secret key."""

    def __init__(self, key: bytes, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._now = now

    def sign(self, path: str, viewer: Viewer) -> str:
        """Return the path with a signature for a viewer that is valid for `VALID_SECONDS`."""
        expires, user, login = (
            str(int(self._now()) + VALID_SECONDS),
            str(viewer.scope.user_id),
            str(viewer.login_id or 0),
        )
        signature = self._signature(path, expires, user, login)
        return f"{path}?{_EXPIRES}={expires}&{_USER}={user}&{_LOGIN}={login}&{_SIGNATURE}={signature}"

    def find_holder(self, method: str, path: str, query: Mapping[str, str]) -> LinkHolder | None:
        """Return the holder of the link to `path`; None if the query string contains no valid signature of it.

        Only GET and HEAD requests are accepted.
        """
        expires, user, login, given = (query.get(name, "") for name in (_EXPIRES, _USER, _LOGIN, _SIGNATURE))
        if method not in ("GET", "HEAD") or not all(map(_is_number, (expires, user, login))):
            return None
        signature = self._signature(path, expires, user, login)
        if not hmac.compare_digest(signature.encode(), given.encode("utf-8", "replace")) or int(expires) < self._now():
            return None
        return LinkHolder(UserId(int(user)), LoginId(int(login)) if int(login) else None)

    def _signature(self, *parts: str) -> str:
        return hmac.digest(self._key, "\n".join(parts).encode("utf-8", "replace"), sha256).hex()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def set_link_holder(scope: Scope, holder: LinkHolder) -> None:
    """Record that a request was authenticated by a link."""
    scope.setdefault("state", {})[_STATE] = holder


def link_holder(connection: HTTPConnection) -> LinkHolder | None:
    """Return the holder of the link that authenticated a request; None if it was authenticated otherwise."""
    holder: LinkHolder | None = connection.scope.get("state", {}).get(_STATE)
    return holder
