"""Log-ins: they begin with an address and a password, are refreshed, and end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from records.access import (
    AccessScope,
    AuditAction,
    Cookie,
    CredentialsRecord,
    Exchange,
    LoggedIn,
    LoginRecord,
    TokenDelivery,
    UserRecord,
    Viewer,
)
from records.errors import Busy, Forbidden, InvalidCredentials, InvalidInput
from records.ids import LoginId
from records.values.text import encodable
from services.access.access_tokens import AccessTokens
from services.access.audit_log import AuditLog
from services.access.delays import Delays
from services.access.passwords import Passwords
from services.access.revocations import Revocations
from services.access.secret_tokens import digest, new_refresh_token
from services.interfaces.access.login_store import LoginStore
from services.interfaces.access.user_store import AccountStore

REFRESH_COOKIE = "refresh"
REFRESH_LIFETIME = timedelta(days=7)
LOGIN_LIFETIME = timedelta(days=30)
REUSE_GRACE = timedelta(seconds=10)
"""Time in which a refresh token may be used again: two tabs of a browser refresh at the same moment."""
MAX_CLIENT_LENGTH = 300
MAX_EMAIL_LENGTH = 320
"""Maximum length of an e-mail address in characters (RFC 5321)."""
WRONG = "The address or the password is wrong, or there were too many attempts. Wait some minutes before you try again."
EXPIRED = "The log-in has ended. Log in again."


class LogIns:
    """Logs users in and out."""

    def __init__(
        self,
        accounts: AccountStore,
        logins: LoginStore,
        passwords: Passwords,
        tokens: AccessTokens,
        delays: Delays,
        revocations: Revocations,
        audit: AuditLog,
    ) -> None:
        self._accounts = accounts
        self._logins = logins
        self._passwords = passwords
        self._tokens = tokens
        self._delays = delays
        self._revocations = revocations
        self._audit = audit

    async def log_in(self, exchange: Exchange, email: str, password: str, delivery: TokenDelivery) -> LoggedIn:
        """Begin a log-in.

        Raises `InvalidCredentials` for an unknown address, a wrong password, an account that is not active, and an attempt
        before the delay after failed ones has passed, with the same message after the same work. Raises `InvalidInput` if a
        cookie was requested and cannot be set, and `Busy`.
        """
        _check_delivery(exchange, delivery)
        email = encodable(email[:MAX_EMAIL_LENGTH])
        account = await self._accounts.find_by_email(email)
        is_allowed = await self._delays.begin(email, exchange, account)
        try:
            is_right = await self._verify(account, password)
        except Busy:
            if is_allowed:
                await self._delays.cancel(email, exchange, account)
            raise
        if account is None or not (is_allowed and is_right and account.user.active):
            await self._audit.record_failed_log_in(email, exchange)
            raise InvalidCredentials(WRONG)
        await self._delays.succeed(email, exchange, account)
        return await self.begin(exchange, await self._rehashed(account, password), delivery)

    async def begin(self, exchange: Exchange, account: CredentialsRecord, delivery: TokenDelivery) -> LoggedIn:
        """Begin a log-in of a user whose password was verified.

        Raises `InvalidCredentials` if the password was changed or the account was closed in the meantime.
        """
        _check_delivery(exchange, delivery)
        now, secret, user = datetime.now(UTC), new_refresh_token(), account.user
        client = encodable(exchange.client[:MAX_CLIENT_LENGTH])
        expiries = now + LOGIN_LIFETIME, now + REFRESH_LIFETIME
        login = await self._logins.create(account, client, digest(secret), *expiries)
        if login is None:
            raise InvalidCredentials(WRONG)
        await self._accounts.set_seen(user.id)
        await self._audit.record_user(AuditAction.LOG_IN, user.id, user.name, exchange)
        if exchange.has_cookies and exchange.is_own_page:
            self._delays.mark_device(exchange, account)
        return self._deliver(exchange, user, login, secret, delivery)

    async def refresh(self, exchange: Exchange, token: str | None) -> LoggedIn:
        """Return a new access token for a refresh token, which is used up, and the next refresh token.

        None stands for the token in the cookie. Within `REUSE_GRACE` after its first use, a token gives an access token
        only; later, it ends the log-in, because somebody has copied it. Raises `InvalidCredentials`, and `Forbidden` if
        the cookie was sent by a page of another site.
        """
        delivery = TokenDelivery.BODY
        if token is None:
            delivery, token = TokenDelivery.COOKIE, _refresh_cookie(exchange)
        secret = new_refresh_token()
        refreshed = await self._logins.use_refresh_token(
            digest(token), digest(secret), datetime.now(UTC) + REFRESH_LIFETIME
        )
        if refreshed is None:
            raise InvalidCredentials(EXPIRED)
        user, login = refreshed.user, refreshed.login
        if refreshed.first_used_at is None:
            await self._accounts.set_seen(user.id)
            return self._deliver(exchange, user, login, secret, delivery)
        if datetime.now(UTC) - refreshed.first_used_at <= REUSE_GRACE:
            return self._deliver(exchange, user, login, None, delivery)
        await self._logins.end_family(login.id)
        self._revocations.revoke(user.id, login_id=login.id)
        await self._audit.record_user(AuditAction.REFRESH_REUSED, user.id, user.name, exchange, is_denied=True)
        raise InvalidCredentials(EXPIRED)

    async def log_out(self, viewer: Viewer, exchange: Exchange, login_id: LoginId | None, *, everywhere: bool) -> int:
        """End a log-in of the viewer: by default that of the request, or all. Return the number of those that ended.

        Raises `NotFound` for the id of no log-in of the viewer.
        """
        if everywhere:
            ended = await self._logins.end_all(viewer.scope.user_id)
            self._revocations.revoke(viewer.scope.user_id)
        else:
            chosen = login_id or viewer.login_id
            if chosen is None:
                raise InvalidInput("{field} must name a log-in, because the request has none.", field="login_id")
            await self._logins.end(viewer.scope, chosen)
            self._revocations.revoke(viewer.scope.user_id, login_id=chosen)
            ended = 1
        if exchange.has_cookies and (everywhere or login_id in (None, viewer.login_id)):
            exchange.response_cookies[REFRESH_COOKIE] = Cookie("", 0)
        await self._audit.record(AuditAction.LOG_OUT, viewer, exchange, detail={"ended": ended})
        return ended

    async def _verify(self, account: CredentialsRecord | None, password: str) -> bool:
        """Return whether the password is right. The work is the same without an account."""
        return await self._passwords.verify(None if account is None else account.password_hash, password)

    async def _rehashed(self, account: CredentialsRecord, password: str) -> CredentialsRecord:
        """Return the account, with a new hash of its password if the present one has other parameters than today's."""
        old_hash = account.password_hash
        if old_hash is None or not self._passwords.is_outdated(old_hash):
            return account
        new_hash = await self._passwords.hash(password)
        await self._accounts.rehash(account.user.id, old_hash, new_hash)
        return replace(account, password_hash=new_hash)

    def _deliver(
        self, exchange: Exchange, user: UserRecord, login: LoginRecord, secret: str | None, delivery: TokenDelivery
    ) -> LoggedIn:
        token, expires_at = self._tokens.sign(login)
        if delivery is TokenDelivery.COOKIE and secret is not None:
            exchange.response_cookies[REFRESH_COOKIE] = Cookie(secret, int(REFRESH_LIFETIME.total_seconds()))
        scope = AccessScope(user.id, user.role)
        viewer = Viewer(scope, user.name, login.id, expires_at=expires_at)
        return LoggedIn(viewer, user, token, expires_at, secret if delivery is TokenDelivery.BODY else None)


def _check_delivery(exchange: Exchange, delivery: TokenDelivery) -> None:
    if delivery is TokenDelivery.COOKIE and not (exchange.has_cookies and exchange.is_own_page):
        raise InvalidInput(
            "{field} COOKIE needs an HTTP request of a page of this server, with the header "
            "`GraphQL-Require-Preflight`. Programs use BODY.",
            field="delivery",
        )


def _refresh_cookie(exchange: Exchange) -> str:
    """Return the refresh token in the cookie. Raises `Forbidden` and `InvalidCredentials`."""
    if not exchange.is_own_page:
        raise Forbidden(
            "The cookie of a log-in is accepted only from a page of this server, with the header "
            "`GraphQL-Require-Preflight`."
        )
    token = exchange.cookies.get(REFRESH_COOKIE)
    if not token:
        raise InvalidCredentials(EXPIRED)
    return token
