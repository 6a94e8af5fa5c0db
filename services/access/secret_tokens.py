"""Random secrets of log-ins, invitations, reset codes and API keys. Only their digests are stored."""

import hmac
import secrets
import zlib
from hashlib import sha256
from typing import NamedTuple

REFRESH_BYTES, CODE_BYTES, KEY_SECRET_BYTES = 32, 16, 32
KEY_MARK = "glk"
"""Beginning of every API key, by which programs that search for leaked secrets recognize one."""


def new_refresh_token() -> str:
    return secrets.token_urlsafe(REFRESH_BYTES)


def new_code() -> str:
    """Return the code of an invitation or of a password reset: 128 bits."""
    return secrets.token_urlsafe(CODE_BYTES)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal digits. A random secret needs no slow hash."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def is_equal(one: str, other: str) -> bool:
    """Return whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


class ApiKeyParts(NamedTuple):
    """The public beginning of an API key, which identifies it, and its secret."""

    prefix: str
    secret: str

    @property
    def text(self) -> str:
        """The key as its owner sees it: `glk_<id>_<secret>_<checksum>`."""
        body = f"{self.prefix}_{self.secret}"
        return f"{body}_{_checksum(body)}"


def new_api_key() -> ApiKeyParts:
    return ApiKeyParts(f"{KEY_MARK}_{secrets.token_hex(6)}", secrets.token_hex(KEY_SECRET_BYTES))


def parse_api_key(text: str) -> ApiKeyParts | None:
    """Return the parts of an API key; None for other text, and for a key that was cut or mistyped."""
    parts = text.split("_")
    if len(parts) != 4 or parts[0] != KEY_MARK or parts[3] != _checksum("_".join(parts[:3])):
        return None
    return ApiKeyParts("_".join(parts[:2]), parts[2])


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode('utf-8', 'replace')):08x}"
