"""Access with fake stores: users, and a log-in, a key, an invitation and an audit entry of theirs."""

from typing import Any, cast

from persistence.access.users import Users
from records.access import (
    AccountsMode,
    AnyScope,
    ApiKeyRecord,
    AuditAction,
    AuditEntryRecord,
    AuditOutcome,
    InvitationRecord,
    KeyLimit,
    LoginRecord,
    NewAuditEntry,
    Role,
    UserRecord,
)
from records.ids import ApiKeyId, AuditEntryId, InvitationId, LoginId
from records.page import Page, PageRequest
from services.access import Access, AccessStores
from tests.access import LOCAL
from tests.fakes.stores import FakeStore, Record
from tests.support.builders import THEN

ME = LOCAL.user_id
USER = UserRecord(ME, "Ada", "ada@example.org", Role.SUPERADMIN, True, THEN, THEN)
LOGIN = LoginRecord(LoginId(1), ME, "a browser", THEN, THEN, THEN)
KEY = ApiKeyRecord(ApiKeyId(1), ME, "robot", "glk_1", KeyLimit.READ, THEN, THEN, THEN)
INVITATION = InvitationRecord(InvitationId(1), "ben@example.org", Role.USER, ME, THEN, THEN, THEN)
ENTRY = AuditEntryRecord(
    AuditEntryId(1),
    THEN,
    NewAuditEntry(
        ME,
        "Ada",
        "robot",
        AuditAction.ROLE_CHANGED,
        ("user", 1),
        "Ada",
        AuditOutcome.DONE,
        "127.0.0.1",
        {"role": "USER"},
    ),
)


class FakeList(FakeStore[Record]):
    """Records that are listed by pages, or as those of a user."""

    async def page(self, _: AnyScope, *arguments: Any) -> Page[Record]:
        request = arguments[-1]
        assert isinstance(request, PageRequest)
        return self.make_page(request)

    async def of_user(self, _: AnyScope) -> tuple[Record, ...]:
        return tuple(self.rows.values())


class FakeAccounts:
    mode = AccountsMode.INVITATION
    password_min_length = 15
    needs_set_up = False


def fake_access(users: Users | None = None) -> Access:
    """Return access to one record of each kind. `users` replaces the store of users."""
    nothing = cast(Any, None)
    stores = AccessStores(
        users=users or cast(Any, FakeList(USER)),
        accounts=nothing,
        logins=cast(Any, FakeList(LOGIN)),
        api_keys=cast(Any, FakeList(KEY)),
        invitations=cast(Any, FakeList(INVITATION)),
        delays=nothing,
        audit=cast(Any, FakeList(ENTRY)),
        keys=nothing,
    )
    return Access(stores, nothing, cast(Any, FakeAccounts()), nothing, nothing, nothing, nothing, None)
