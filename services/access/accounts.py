"""Accounts: enabling them, signing up, passwords, roles and activation."""

from datetime import UTC, datetime, timedelta

from email_validator import EmailNotValidError, validate_email

from records.access import (
    AccountsMode,
    AuditAction,
    CredentialsRecord,
    Exchange,
    LoggedIn,
    Role,
    TokenDelivery,
    UserRecord,
    Viewer,
)
from records.errors import Busy, Conflict, Forbidden, InvalidCredentials, InvalidInput, RateLimited
from records.ids import UserId
from records.values.text import comparison_key, encodable
from services.access.audit_log import AuditLog
from services.access.authentication import Authentication
from services.access.delays import Delays
from services.access.log_ins import MAX_EMAIL_LENGTH, LogIns
from services.access.passwords import MIN_LENGTH, Passwords
from services.access.revocations import Revocations
from services.access.secret_tokens import digest, is_equal, new_code
from services.interfaces.access.invitation_store import InvitationStore
from services.interfaces.access.login_store import LoginStore
from services.interfaces.access.user_store import AccountStore, UserStore

RESET_LIFETIME = timedelta(days=1)
RANKS = {Role.USER: 0, Role.ADMIN: 1, Role.SUPERADMIN: 2}
WRONG_CODE = "The code is unknown, has been used or has expired."
INVALID_INVITATION = "{field} is not valid: it is unknown, has been used or has expired."


class Accounts:
    """Creates accounts and changes them. `sign_up_mode` applies as soon as the server has accounts."""

    def __init__(
        self,
        accounts: AccountStore,
        users: UserStore,
        invitations: InvitationStore,
        logins: LoginStore,
        authentication: Authentication,
        log_ins: LogIns,
        passwords: Passwords,
        delays: Delays,
        revocations: Revocations,
        audit: AuditLog,
        *,
        sign_up_mode: AccountsMode,
        set_up_code: str | None,
    ) -> None:
        self._accounts = accounts
        self._users = users
        self._invitations = invitations
        self._logins = logins
        self._authentication = authentication
        self._log_ins = log_ins
        self._passwords = passwords
        self._delays = delays
        self._revocations = revocations
        self._audit = audit
        self._sign_up_mode = sign_up_mode
        self._set_up_code = set_up_code

    @property
    def mode(self) -> AccountsMode:
        return self._sign_up_mode if self._authentication.has_accounts else AccountsMode.SINGLE

    @property
    def password_min_length(self) -> int:
        return MIN_LENGTH

    @property
    def needs_set_up(self) -> bool:
        """True while the superadmin has no password: the first sign-up uses the code that the server printed."""
        return self._set_up_code is not None

    async def enable(self, viewer: Viewer, exchange: Exchange, name: str, email: str, password: str) -> LoggedIn:
        """Give the local user an address and a password, and require credentials of every request from now on.

        Raises `Conflict` if the server has accounts, `WeakPassword`, and `InvalidInput` for an invalid address.
        """
        if self._authentication.has_accounts:
            raise Conflict("This server has accounts already.")
        address = check_email(email)
        password_hash = await self._passwords.hash(await self._passwords.check(password, name, address))
        if not await self._accounts.claim_superadmin(name, address, password_hash):
            raise Conflict("This server has accounts already.")
        superadmin = await self._accounts.superadmin()
        self._authentication.require_accounts(superadmin.user)
        await self._audit.record(AuditAction.ACCOUNTS_ENABLED, viewer, exchange)
        delivery = TokenDelivery.COOKIE if exchange.has_cookies and exchange.is_own_page else TokenDelivery.BODY
        return await self._log_ins.begin(exchange, superadmin, delivery)

    async def sign_up(self, exchange: Exchange, name: str, email: str, password: str, invitation: str | None) -> bool:
        """Create an account. Return whether it can be used at once: False if an administrator has to approve it.

        False is also returned if the address has an account, so that nobody learns which addresses do. Raises
        `WeakPassword`, `RateLimited`, and `InvalidInput` for an invalid address or invitation and if sign-up is closed.
        """
        if not await self._delays.begin_sign_up(exchange):
            raise RateLimited("There were too many sign-ups from this network. Try again later.", retry_after_ms=60_000)
        address = check_email(email)
        await self._passwords.check(password, name, address)
        password_hash = await self._passwords.hash(password)
        if self._set_up_code is not None and invitation is not None and is_equal(invitation, self._set_up_code):
            return await self._set_up(exchange, name, address, password_hash)
        user = await self._create(name, address, password_hash, invitation)
        if user is not None:
            await self._audit.record_user(AuditAction.SIGN_UP, user.id, user.name, exchange)
        return user is not None and user.active

    async def change_password(
        self, viewer: Viewer, exchange: Exchange, password: str, *, current: str | None, code: str | None
    ) -> UserRecord:
        """Store a new password of the viewer, who states the current one, or of the user of a reset code.

        All other log-ins of the user end. Raises `InvalidCredentials`, `WeakPassword` and `RateLimited`.
        """
        account = await self._authorize_change(viewer, exchange, current, code)
        user = account.user
        new_hash = await self._passwords.hash(await self._passwords.check(password, user.name, user.email or ""))
        kept = None if code is not None else viewer.login_id
        if code is None:
            await self._accounts.set_password(user.id, new_hash, except_login=kept)
        elif await self._accounts.use_reset_code(digest(code), new_hash) is None:
            raise InvalidCredentials(WRONG_CODE)
        self._revocations.revoke(user.id, except_login=kept)
        await self._audit.record_user(AuditAction.PASSWORD_CHANGED, user.id, user.name, exchange)
        return user

    async def update_user(
        self,
        viewer: Viewer,
        exchange: Exchange,
        user_id: UserId,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> UserRecord:
        """Change a user. Connections of the user end if the role changed, and all log-ins if the account was closed.

        Raises `NotFound`, and `Forbidden` for a change that the viewer may not make.
        """
        before = await self._users.get(viewer.scope, user_id)
        _check_change(viewer, before, name=name, role=role, active=active)
        after = await self._users.update(viewer.scope, user_id, name=name, role=role, active=active)
        if not after.active:
            await self._logins.end_all(user_id)
        self._revocations.forget_viewers()
        if after.role is not before.role or not after.active:
            self._revocations.revoke(user_id)
        action = AuditAction.USER_CHANGED if after.role is before.role else AuditAction.ROLE_CHANGED
        detail = {"role": after.role.value, "active": after.active}
        await self._audit.record(
            action, viewer, exchange, target=("user", user_id), target_name=after.name, detail=detail
        )
        return after

    async def reset_password(self, viewer: Viewer, exchange: Exchange, user_id: UserId) -> str:
        """Return a code with which a user can set a new password within a day. Raises `NotFound` and `Forbidden`."""
        user = await self._users.get(viewer.scope, user_id)
        if RANKS[viewer.scope.role] <= RANKS[user.role]:
            raise Forbidden("You can reset the passwords of users with a lower role than yours.")
        code = new_code()
        expires_at = datetime.now(UTC) + RESET_LIFETIME
        await self._accounts.set_reset_code(user_id, digest(code), expires_at, viewer.scope.user_id)
        await self._audit.record(
            AuditAction.PASSWORD_CHANGED, viewer, exchange, target=("user", user_id), target_name=user.name,
            detail={"reset": True},
        )  # fmt: skip
        return code

    async def _set_up(self, exchange: Exchange, name: str, email: str, password_hash: str) -> bool:
        if not await self._accounts.claim_superadmin(name, email, password_hash):
            raise InvalidInput(INVALID_INVITATION, field="invitation")
        self._set_up_code = None
        user = (await self._accounts.superadmin()).user
        self._authentication.require_accounts(user)
        await self._audit.record_user(AuditAction.ACCOUNTS_ENABLED, user.id, user.name, exchange)
        return True

    async def _create(self, name: str, email: str, password_hash: str, invitation: str | None) -> UserRecord | None:
        """Create an account if the mode permits it; None if the address has one."""
        if self.mode in (AccountsMode.SINGLE, AccountsMode.CLOSED) or self.needs_set_up:
            raise InvalidInput("Sign-up is closed on this server.", field="invitation")
        if invitation is None and self.mode is AccountsMode.APPROVAL:
            return await self._accounts.create(name, email, password_hash, Role.USER, active=False, invitation=None)
        code = digest(invitation or "")
        found = await self._invitations.find_valid(code)
        if found is None or (found.email is not None and comparison_key(found.email) != comparison_key(email)):
            raise InvalidInput(INVALID_INVITATION, field="invitation")
        return await self._accounts.create(name, email, password_hash, found.role, active=True, invitation=code)

    async def _authorize_change(
        self, viewer: Viewer, exchange: Exchange, current: str | None, code: str | None
    ) -> CredentialsRecord:
        """Return the account whose password may be changed."""
        if code is not None:
            account = await self._accounts.find_by_reset_code(digest(code))
            if account is None:
                raise InvalidCredentials(WRONG_CODE)
            return account
        account = None if viewer.is_nobody else await self._accounts.find(viewer.scope.user_id)
        if account is None or account.user.email is None or viewer.login_id is None:
            raise InvalidCredentials("Log in first, or use the code that an administrator gave you.")
        if not await self._delays.begin(account.user.email, exchange, account):
            raise RateLimited("There were too many wrong passwords. Try again later.", retry_after_ms=60_000)
        try:
            is_right = await self._passwords.verify(account.password_hash, current or "")
        except Busy:
            await self._delays.cancel(account.user.email, exchange, account)
            raise
        if not is_right:
            raise InvalidCredentials("The current password is wrong.")
        await self._delays.succeed(account.user.email, exchange, account)
        return account


def check_email(email: str) -> str:
    """Return a normalized address. Raises `InvalidInput`. Whether the address receives mail is not checked."""
    if len(email) > MAX_EMAIL_LENGTH:
        raise InvalidInput(f"{{field}} has more than {MAX_EMAIL_LENGTH} characters.", field="email")
    try:
        return validate_email(encodable(email), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidInput(f"{{field}} is not an e-mail address: {error}", field="email") from error


def _check_change(
    viewer: Viewer, user: UserRecord, *, name: str | None, role: Role | None, active: bool | None
) -> None:
    """Raise `Forbidden` for a change that the viewer may not make."""
    is_self, is_above = viewer.scope.user_id == user.id, RANKS[viewer.scope.role] > RANKS[user.role]
    if name is not None and not (is_self or is_above):
        raise Forbidden("You can change your own name, and those of users with a lower role than yours.")
    if active is not None and not is_above:
        raise Forbidden("You can close and open the accounts of users with a lower role than yours.")
    if role is not None and role is not user.role:
        if viewer.scope.limit is not None:
            raise Forbidden("An API key cannot change roles.")
        if viewer.scope.role is not Role.SUPERADMIN or is_self or role is Role.SUPERADMIN:
            raise Forbidden("Only the superadmin can change roles, but neither their own nor to SUPERADMIN.")
