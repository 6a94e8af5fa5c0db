"""Creates and connects the parts of access."""

from dataclasses import dataclass

from anyio import to_thread

from concurrency import OwnedTasks
from records.access import AccountsMode
from services.access.access_tokens import AccessTokens
from services.access.accounts import Accounts
from services.access.audit_log import AuditLog
from services.access.authentication import Authentication
from services.access.delays import Delays
from services.access.grants import ApiKeys, Invitations
from services.access.log_ins import LogIns
from services.access.passwords import Passwords
from services.access.revocations import Revocations
from services.access.secret_tokens import new_code
from services.interfaces.access.api_key_store import ApiKeyStore
from services.interfaces.access.audit_store import AuditStore
from services.interfaces.access.invitation_store import InvitationStore
from services.interfaces.access.login_delay_store import LoginDelayStore
from services.interfaces.access.login_store import LoginStore
from services.interfaces.access.secret_keys import SecretKeys
from services.interfaces.access.user_store import AccountStore, UserStore


@dataclass(frozen=True, slots=True)
class AccessStores:
    """The stores of access, and the server's secret keys."""

    users: UserStore
    accounts: AccountStore
    logins: LoginStore
    api_keys: ApiKeyStore
    invitations: InvitationStore
    delays: LoginDelayStore
    audit: AuditStore
    keys: SecretKeys


@dataclass(frozen=True, slots=True)
class Access:
    """The services of access with their stores. Created by `create_access`."""

    stores: AccessStores
    authentication: Authentication
    accounts: Accounts
    log_ins: LogIns
    invitations: Invitations
    api_keys: ApiKeys
    revocations: Revocations
    audit: AuditLog
    tasks: OwnedTasks
    "Runs each change of an account to its end: the change, its revocations and its audit entry."
    set_up_code: str | None
    "The code for the first sign-up, which becomes the superadmin; None if there is one, or if there are no accounts."


async def create_access(
    tasks: OwnedTasks,
    stores: AccessStores,
    mode: AccountsMode,
    server_token: str | None,
    passwords: Passwords | None = None,
) -> Access:
    """Create and connect the parts of access.

    `mode` is the mode of the settings; SINGLE applies only until accounts are enabled. `server_token` is the access token of
    the settings; None if the server has none.
    """
    superadmin = await stores.accounts.superadmin()
    has_password = superadmin.password_hash is not None
    has_accounts = has_password or mode is not AccountsMode.SINGLE
    sign_up_mode = AccountsMode.INVITATION if mode is AccountsMode.SINGLE else mode
    set_up_code = new_code() if has_accounts and not has_password else None
    if passwords is None:
        passwords = await to_thread.run_sync(Passwords)
    await stores.logins.remove_expired()
    revocations, audit, tokens = Revocations(), AuditLog(stores.audit), AccessTokens(stores.keys)
    authentication = Authentication(
        stores.accounts, stores.logins, stores.api_keys, tokens, revocations,
        server_token=server_token, local=superadmin.user, has_accounts=has_accounts,
    )  # fmt: skip
    delays = Delays(stores.delays, stores.keys)
    log_ins = LogIns(stores.accounts, stores.logins, passwords, tokens, delays, revocations, audit)
    accounts = Accounts(
        stores.accounts, stores.users, stores.invitations, stores.logins, authentication, log_ins, passwords, delays,
        revocations, audit, sign_up_mode=sign_up_mode, set_up_code=set_up_code,
    )  # fmt: skip
    invitations, api_keys = Invitations(stores.invitations, audit), ApiKeys(stores.api_keys, revocations, audit)
    return Access(
        stores, authentication, accounts, log_ins, invitations, api_keys, revocations, audit, tasks, set_up_code
    )
