"""Signed links: each permits one path for 15 minutes without the access token.

A browser that follows a link cannot send the token in a header. A signature is an HMAC-SHA256 over the path and the time of
its expiry, with a key derived from the access token. It is valid for no other path; a new access token invalidates all
links.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

VALID_SECONDS = 15 * 60
_PURPOSE = b"graphlore: links to downloads"
_EXPIRES, _SIGNATURE = "expires", "signature"


class Links:
    """Signs links and verifies them. Without an access token, paths are not signed, and no signature is accepted."""

    def __init__(self, token: str | None, now: Callable[[], float] = time.time) -> None:
        self._key = None if token is None else hmac.digest(token.encode(), _PURPOSE, sha256)
        self._now = now

    def sign(self, path: str) -> str:
        """Return the path with a signature that is valid for `VALID_SECONDS`."""
        if self._key is None:
            return path
        expires = str(int(self._now()) + VALID_SECONDS)
        return f"{path}?{_EXPIRES}={expires}&{_SIGNATURE}={self._signature(self._key, path, expires)}"

    def accepts(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Return whether the query string contains a valid signature of `path`. Only GET and HEAD requests are accepted."""
        expires, given = query.get(_EXPIRES, ""), query.get(_SIGNATURE, "")
        if self._key is None or method not in ("GET", "HEAD") or not expires.isascii() or not expires.isdigit():
            return False
        is_right = hmac.compare_digest(
            self._signature(self._key, path, expires).encode(), given.encode("utf-8", "replace")
        )
        return is_right and int(expires) >= self._now()

    @staticmethod
    def _signature(key: bytes, path: str, expires: str) -> str:
        return hmac.digest(key, f"{path}\n{expires}".encode("utf-8", "replace"), sha256).hex()
