"""Access tokens: signed JSON Web Tokens that name a user and a log-in for half an hour."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.jwt import ClaimsOption

from records.access import LoginRecord
from records.ids import LoginId, UserId
from services.interfaces.access.secret_keys import SecretKeys

VALID_SECONDS = 30 * 60
PURPOSE = "access tokens"
ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = "graphlore"
MAX_ID = 2**63


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The statements of a valid access token. It contains no role: the role is read for each request."""

    user_id: UserId
    login_id: LoginId
    expires_at: datetime


class AccessTokens:
    """Signs and verifies access tokens. The algorithm is fixed; a token names only the key that signed it."""

    def __init__(self, keys: SecretKeys, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._now = now

    def sign(self, login: LoginRecord) -> tuple[str, datetime]:
        """Return a token for a log-in, and the time of its expiry, which is not after the end of the log-in."""
        key_id, key = self._keys.current(PURPOSE)
        issued = int(self._now())
        expires = min(issued + VALID_SECONDS, int(login.ends_at.timestamp()))
        claims = {
            "iss": ISSUER, "aud": ISSUER, "sub": str(login.user_id), "sid": str(login.id), "iat": issued,
            "exp": expires,
        }  # fmt: skip
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id}
        token = jwt.encode(header, claims, OctKey.import_key(key), algorithms=[ALGORITHM])
        return token, datetime.fromtimestamp(expires, UTC)

    def verify(self, token: str) -> TokenClaims | None:
        """Return the claims of a token; None unless this server signed it and it has not expired."""
        try:
            decoded = jwt.decode(token, self._find_key, algorithms=[ALGORITHM])
            self._registry().validate(decoded.claims)
            claims = decoded.claims
            found = TokenClaims(
                UserId(int(claims["sub"])),
                LoginId(int(claims["sid"])),
                datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (JoseError, ValueError, KeyError, TypeError, OverflowError):
            return None
        is_id = 0 < found.user_id < MAX_ID and 0 < found.login_id < MAX_ID
        return found if is_id and decoded.header.get("typ") == TYPE else None

    def _find_key(self, signed: GuestProtocol) -> OctKey:
        key_id = signed.headers().get("kid")
        key = self._keys.find(key_id, PURPOSE) if isinstance(key_id, str) else None
        if key is None:
            raise ValueError("The token was signed by an unknown key.")
        return OctKey.import_key(key)

    def _registry(self) -> jwt.JWTClaimsRegistry:
        ours, needed = ClaimsOption(essential=True, value=ISSUER), ClaimsOption(essential=True)
        return jwt.JWTClaimsRegistry(
            now=int(self._now()), iss=ours, aud=ours, sub=needed, sid=needed, iat=needed, exp=needed
        )
