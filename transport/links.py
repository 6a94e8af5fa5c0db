"""Links to files that open without a header: a click in a browser cannot bring the access token along."""

import hmac
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import HTTPConnection

MINUTE = 60
MINUTES = 10
"""How long a link opens its file at least; a minute more at most, so that asking again soon gives the same address."""
PURPOSE = b"graphlore: download links"
METHODS = ("GET", "HEAD")
PARAMETERS = {"expires", "signature"}


class DownloadLinks:
    """Signs paths, and knows its own signatures again. They end with the access token: another token, other signatures.

    A signature is an HMAC over the path and the second in which the link ends, under a key that is derived from the access
    token and cannot be turned back into it. Where there is no token, links are plain paths and nothing needs a signature.
    """

    def __init__(self, token: str | None, now: Callable[[], float] = time.time) -> None:
        self._key = None if token is None else hmac.digest(token.encode(), PURPOSE, "sha256")
        self._now = now

    def link(self, path: str) -> str:
        """The address to give out. `path` is as the server sees it, not percent-encoded."""
        if self._key is None:
            return quote(path)
        expires = str((int(self._now()) // MINUTE + MINUTES + 1) * MINUTE)
        return f"{quote(path)}?expires={expires}&signature={_signature(self._key, path, expires)}"

    def opens(self, connection: HTTPConnection) -> bool:
        """Whether the request reads a path with a signature that was made for it and has not ended."""
        given = connection.query_params.multi_items()
        if self._key is None or connection.scope["method"] not in METHODS or len(given) != len(PARAMETERS):
            return False
        parameters = dict(given)
        if parameters.keys() != PARAMETERS:
            return False
        expires = parameters["expires"]
        right = _signature(self._key, connection.scope["path"], expires)
        signed = secrets.compare_digest(parameters["signature"].encode("utf-8", "replace"), right.encode())
        # Only what we signed is a number for certain.
        return signed and self._now() < int(expires)


def _signature(key: bytes, path: str, expires: str) -> str:
    return hmac.digest(key, f"{expires} {path}".encode("utf-8", "surrogatepass"), "sha256").hex()
