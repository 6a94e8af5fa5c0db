"""Access with fake stores: users, and a log-in, a key, an invitation and an audit entry of theirs; usage; statistics."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Generic, TypeVar, cast

from persistence.access.users import Users
from records.access import (
    AccessScope,
    AccountsMode,
    AnyScope,
    ApiKeyRecord,
    AuditAction,
    AuditEntryRecord,
    AuditOutcome,
    InvitationRecord,
    KeyLimit,
    LoggedIn,
    LoginRecord,
    NewAuditEntry,
    Role,
    UserRecord,
    Viewer,
)
from records.access.statistics import Statistics, StatisticsRange, UsageTotals
from records.access.usage import DailyUsage, UsageLimits
from records.document import DocumentStatus
from records.ids import ApiKeyId, AuditEntryId, InvitationId, LoginId
from records.page import Page, PageRequest
from services.access import Access, AccessStores
from services.access.revocations import Revocations
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

LIMITS = UsageLimits(3, 50, 1 << 40, 1 << 41)
USED = DailyUsage(answers=4, failed_answers=1, prompt_tokens=1 << 33, completion_tokens=20, uploaded_bytes=1 << 34)
STATISTICS = Statistics(
    users_by_role=((Role.SUPERADMIN, 1), (Role.USER, 4)),
    documents_by_status=((DocumentStatus.READY, 7), (DocumentStatus.FAILED, 1)),
    sessions=3,
    usage=UsageTotals(2, 10, 1, 1 << 33, 200, ((date(2026, 11, 20), 0), (date(2026, 11, 21), 10))),
    answers_by_model=(("Small", 9),),
    median_time_to_first_token_ms=120.5,
)

LOGGED_IN = LoggedIn(Viewer(LOCAL, "Ada", LOGIN.id), USER, "an access token", THEN, "a refresh token")
Grant = TypeVar("Grant")


class FakeList(FakeStore[Record]):
    """Records that are listed by pages, or as those of a user."""

    async def page(self, _: AnyScope, *arguments: Any) -> Page[Record]:
        request = arguments[-1]
        assert isinstance(request, PageRequest)
        return self.make_page(request)

    async def of_user(self, _: AnyScope) -> tuple[Record, ...]:
        return tuple(self.rows.values())


class FakeAccounts:
    """Changes nothing and returns the user, a code or a log-in."""

    mode = AccountsMode.INVITATION
    password_min_length = 15
    needs_set_up = False

    async def enable(self, *_: object) -> LoggedIn:
        return LOGGED_IN

    async def sign_up(self, *_: object) -> bool:
        return True

    async def change_password(self, *_: object, **__: object) -> UserRecord:
        return USER

    async def update_user(self, *_: object, **__: object) -> UserRecord:
        return USER

    async def reset_password(self, *_: object) -> str:
        return "a code"


class FakeLogIns:
    async def log_in(self, *_: object) -> LoggedIn:
        return LOGGED_IN

    async def refresh(self, *_: object) -> LoggedIn:
        return LOGGED_IN

    async def log_out(self, *_: object, **__: object) -> int:
        return 1


class FakeGrants(Generic[Grant]):
    """Creates and revokes one grant: an invitation or an API key."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    async def create(self, *_: object) -> tuple[Grant, str]:
        return self._grant, "a secret"

    async def revoke(self, *_: object) -> None: ...


class TasksOfCallers:
    """Runs work in the task of its caller, because a fixture cannot hold a task group."""

    async def complete(self, work: Callable[[], Awaitable[Any]], _: str) -> Any:
        return await work()


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
    return Access(
        stores=stores,
        authentication=nothing,
        accounts=cast(Any, FakeAccounts()),
        log_ins=cast(Any, FakeLogIns()),
        invitations=cast(Any, FakeGrants(INVITATION)),
        api_keys=cast(Any, FakeGrants(KEY)),
        revocations=Revocations(),
        audit=nothing,
        tasks=cast(Any, TasksOfCallers()),
        set_up_code=None,
    )


class FakeUsageStore:
    """The same usage on every day."""

    async def of_day(self, scope: AccessScope, day: date) -> DailyUsage:
        return USED


class FakeStatistics:
    """The same statistics for every range. `ranges` are those that were read."""

    def __init__(self) -> None:
        self.ranges: list[StatisticsRange] = []

    async def read(self, scope: AccessScope, range: StatisticsRange) -> Statistics:
        self.ranges.append(range)
        return STATISTICS
