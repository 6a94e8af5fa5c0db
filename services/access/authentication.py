"""Authentication: finds the viewer of each request by the header `Authorization`."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import anyio

from records.access import NOBODY, AccessScope, KeyLimit, UserRecord, Viewer
from records.ids import ApiKeyId, LoginId, UserId
from services.access.access_tokens import AccessTokens
from services.access.revocations import CurrentViewers, Revocations
from services.access.secret_tokens import KEY_MARK, digest, is_equal, parse_api_key
from services.interfaces.access.api_key_store import ApiKeyStore
from services.interfaces.access.login_store import LoginStore
from services.interfaces.access.user_store import AccountStore

USE_INTERVAL = timedelta(minutes=1)
"""Minimum time between two updates of the time at which an API key was used."""
TOKEN_REQUIRED = "This server requires its access token. Send it as `Authorization: Bearer …`."  # noqa: S105
LOGIN_REQUIRED = "Log in with the mutation `logIn`, and send the access token as `Authorization: Bearer …`."
TOKEN_INVALID = "The access token is invalid or has expired. Use the mutation `refreshSession`, or log in again."  # noqa: S105
KEY_INVALID = "The API key is unknown, has expired or was revoked."


class Authentication:
    """Authenticates requests: as the local user on a server without accounts, otherwise by token or API key.

    Created by `create_access`. `server_token` is the access token of the server's settings.
    """

    def __init__(
        self,
        accounts: AccountStore,
        logins: LoginStore,
        api_keys: ApiKeyStore,
        tokens: AccessTokens,
        revocations: Revocations,
        *,
        server_token: str | None,
        local: UserRecord,
        has_accounts: bool,
    ) -> None:
        self._accounts = accounts
        self._logins = logins
        self._api_keys = api_keys
        self._tokens = tokens
        self._revocations = revocations
        self._server_token = server_token
        self._local = local
        self._viewers = CurrentViewers(revocations)
        self._key_uses: dict[ApiKeyId, datetime] = {}
        self.has_accounts = has_accounts
        "True if every request needs the credentials of an account."

    def require_accounts(self, superadmin: UserRecord) -> None:
        """Accept no request without credentials from now on, and end the connections of the local user.

        The local user has become the superadmin.
        """
        self.has_accounts = True
        self._local = superadmin
        self._revocations.revoke(self._local.id)

    async def authenticate(self, authorization: str | None) -> Viewer:
        """Return the viewer of a request with this value of the header `Authorization`; nobody without valid credentials."""
        generation = self._revocations.generation
        secret = read_bearer(authorization)
        if self._server_token is not None and secret is not None and is_equal(secret, self._server_token):
            limit = KeyLimit.ADMIN if self.has_accounts else None
            return Viewer(AccessScope(self._local.id, self._local.role, limit), self._local.name, generation=generation)
        if not self.has_accounts:
            if self._server_token is not None:
                return Viewer(NOBODY, problem=TOKEN_REQUIRED, may_log_in=False)
            return Viewer(AccessScope(self._local.id, self._local.role), self._local.name, generation=generation)
        if secret is None:
            return _nobody(LOGIN_REQUIRED)
        viewer = self._viewers.get(secret) or await self._find(secret, generation)
        if viewer.api_key is not None:
            await self._record_use(viewer.api_key.id)
        return viewer

    async def _find(self, secret: str, generation: int) -> Viewer:
        """Return the viewer with a token or a key, and keep it until the next revocation."""
        is_key = secret.startswith(f"{KEY_MARK}_")
        viewer = await (self._by_key(secret, generation) if is_key else self._by_token(secret, generation))
        if not viewer.is_nobody:
            self._viewers.put(secret, viewer)
        return viewer

    @property
    def needs_credentials(self) -> bool:
        """True if a request without credentials is rejected."""
        return self.has_accounts or self._server_token is not None

    async def authenticate_link(self, user_id: UserId, login_id: LoginId | None) -> Viewer:
        """Return a user who was authenticated by a signed link, which permits to read one path, in the role of the user.

        Return nobody if the log-in has ended or the user is not active.
        """
        if login_id is None:
            account = await self._accounts.find(user_id)
            user = None if account is None else account.user
        else:
            user = await self._logins.find_user(login_id)
        if user is None or user.id != user_id or not user.active:
            return _nobody(LOGIN_REQUIRED)
        return Viewer(AccessScope(user.id, user.role, KeyLimit.ADMIN), user.name, login_id)

    def watch(self, viewer: Viewer) -> AbstractContextManager[anyio.Event]:
        """Open a context whose event is set when the credentials of the viewer are revoked."""
        return self._revocations.watch(viewer)

    async def _by_token(self, token: str, generation: int) -> Viewer:
        claims = self._tokens.verify(token)
        user = None if claims is None else await self._logins.find_user(claims.login_id)
        if claims is None or user is None or user.id != claims.user_id:
            return _nobody(TOKEN_INVALID)
        scope = AccessScope(user.id, user.role)
        return Viewer(scope, user.name, claims.login_id, expires_at=claims.expires_at, generation=generation)

    async def _by_key(self, text: str, generation: int) -> Viewer:
        parts = parse_api_key(text)
        found = None if parts is None else await self._api_keys.find_by_prefix(parts.prefix)
        if parts is None or found is None or not is_equal(found.digest, digest(parts.secret)):
            return _nobody(KEY_INVALID)
        scope = AccessScope(found.user.id, found.user.role, found.key.limit)
        return Viewer(scope, found.user.name, api_key=found.key, expires_at=found.key.expires_at, generation=generation)

    async def _record_use(self, key_id: ApiKeyId) -> None:
        now = datetime.now(UTC)
        last = self._key_uses.get(key_id)
        if last is None or now - last >= USE_INTERVAL:
            self._key_uses[key_id] = now
            await self._api_keys.set_used(key_id)


def _nobody(problem: str) -> Viewer:
    return Viewer(NOBODY, problem=problem)


def read_bearer(authorization: str | None) -> str | None:
    """Return the credentials of the scheme `Bearer`; None without any."""
    scheme, _, secret = (authorization or "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None
