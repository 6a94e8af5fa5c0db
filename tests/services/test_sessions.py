"""Changes of sessions are published in the order in which they were stored."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

from records.ids import SessionId
from records.session import SessionRecord, SessionSettings
from services.sessions import Sessions
from services.sessions.sessions import default_name
from tests.fakes.stores import FakeSessions
from tests.support.builders import make_session


class SlowSessions(FakeSessions):
    """A store whose `find` returns late what it has read."""

    async def find(self, key: Any) -> SessionRecord | None:
        found = await super().find(key)
        for _ in range(10):
            await asyncio.sleep(0)
        return found


async def test_an_older_state_is_never_published_after_a_newer_one() -> None:
    sessions = Sessions(cast(Any, SlowSessions(make_session(name="old"))))
    async with sessions.watch_sessions(SessionId(1)) as changes:
        await asyncio.gather(sessions.changed(SessionId(1)), sessions.update_session(SessionId(1), name="new"))
        names = [change.record.name for change in [await anext(changes) for _ in range(3)] if change.record is not None]
    assert names[-1] == "new"


async def test_a_session_without_a_name_is_named_after_the_time_with_its_zone() -> None:
    assert default_name(datetime(2026, 11, 27, 16, 11, tzinfo=UTC)) == "Session - 11/27/2026:16:11 UTC"
    session = await Sessions(cast(Any, FakeSessions())).create_session(None, (), SessionSettings())
    assert session.name.endswith(" UTC")
