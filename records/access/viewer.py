"""The viewer of a request: who sends it, and what authenticated it."""

from dataclasses import dataclass
from datetime import datetime

from records.access.accounts import ApiKeyRecord, UserRecord
from records.access.scopes import NOBODY, AccessScope
from records.ids import LoginId


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user of a request, or nobody. `problem` is the reason why nobody is authenticated, as a message."""

    scope: AccessScope
    name: str = ""
    login_id: LoginId | None = None
    api_key: ApiKeyRecord | None = None
    expires_at: datetime | None = None
    "Time after which the credentials are no longer valid; None if they do not expire."
    problem: str | None = None
    may_log_in: bool = True
    "False for nobody on a server without accounts, where the access token of the server is the only credential."
    generation: int = 0
    "Number of revocations before the viewer was authenticated."

    @property
    def is_nobody(self) -> bool:
        return self.scope.user_id == NOBODY.user_id


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A log-in with its tokens. `refresh_token` is None if it was sent as a cookie, or if the earlier one stays valid."""

    viewer: Viewer
    user: UserRecord
    access_token: str
    expires_at: datetime
    refresh_token: str | None
