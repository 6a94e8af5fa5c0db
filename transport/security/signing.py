"""Links that open one path for a while without the access token: a browser follows a link, it sends no header.

A signature is an HMAC-SHA256 over the path and the time at which it ends, under a key that is derived from the access
token. So it opens nothing else, ends by itself, and with a new access token all links are void.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

LASTS_SECONDS = 15 * 60
_PURPOSE = b"graphlore: links to downloads"
_EXPIRES, _SIGNATURE = "expires", "signature"


class Links:
    """`token` is None where the server is open to who reaches it: links are plain then, and no signature opens anything."""

    def __init__(self, token: str | None, now: Callable[[], float] = time.time) -> None:
        self._key = None if token is None else hmac.digest(token.encode(), _PURPOSE, sha256)
        self._now = now

    def sign(self, path: str) -> str:
        """The path with what opens it for the next `LASTS_SECONDS`."""
        if self._key is None:
            return path
        expires = str(int(self._now()) + LASTS_SECONDS)
        return f"{path}?{_EXPIRES}={expires}&{_SIGNATURE}={self._signature(self._key, path, expires)}"

    def opens(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Whether the query holds a signature of this very path that has not ended; it opens reading alone."""
        expires, given = query.get(_EXPIRES, ""), query.get(_SIGNATURE, "")
        if self._key is None or method not in ("GET", "HEAD") or not expires.isascii() or not expires.isdigit():
            return False
        right = hmac.compare_digest(
            self._signature(self._key, path, expires).encode(), given.encode("utf-8", "replace")
        )
        return right and int(expires) >= self._now()

    @staticmethod
    def _signature(key: bytes, path: str, expires: str) -> str:
        return hmac.digest(key, f"{path}\n{expires}".encode("utf-8", "replace"), sha256).hex()
