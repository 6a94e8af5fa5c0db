"""Changes of sessions are published in the order in which they were stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import anyio
import pytest

from persistence.database.database import Database
from records.access import AnyScope
from records.events import Change, ChangeKind
from records.filters import Order, SessionFilter
from records.ids import SessionId
from records.page import PageRequest
from records.session import SessionRecord, SessionSettings
from services.sessions import Sessions
from services.sessions.sessions import default_name
from tests.access import LOCAL
from tests.fakes.faults import cancel_by_scope_at
from tests.fakes.stores import FakeSessions
from tests.persistence.stores import Stores
from tests.support.builders import make_session

LIVE = (ChangeKind.ADDED, ChangeKind.UPDATED, ChangeKind.REMOVED)


async def list_sessions(stores: Stores) -> Sequence[SessionRecord]:
    return (await stores.sessions.page(LOCAL, SessionFilter(), Order("CREATED_AT"), PageRequest(first=1000))).items


async def until_silent(changes: AsyncIterator[Change[SessionRecord]]) -> AsyncIterator[Change[SessionRecord]]:
    """Yield the changes that are received within 0.1 seconds."""
    with anyio.move_on_after(0.1):
        async for change in changes:
            yield change


class SlowSessions(FakeSessions):
    """A store whose `find` reads at once and returns the result some steps of the event loop later."""

    async def find(self, scope: AnyScope, key: Any) -> SessionRecord | None:
        found = await super().find(scope, key)
        for _ in range(10):
            await asyncio.sleep(0)
        return found


async def test_an_older_state_is_never_published_after_a_newer_one() -> None:
    sessions = Sessions(cast(Any, SlowSessions(make_session(name="old"))))
    async with sessions.watch_sessions(LOCAL, SessionId(1)) as changes:
        await asyncio.gather(
            sessions.changed(LOCAL, SessionId(1)), sessions.update_session(LOCAL, SessionId(1), name="new")
        )
        names = [change.record.name for change in [await anext(changes) for _ in range(3)] if change.record is not None]
    assert names[-1] == "new"


@pytest.mark.parametrize("action", ["create", "update", "delete"])
async def test_a_client_that_leaves_at_any_step_of_a_change_leaves_it_undone_or_published(
    database: Database, action: str
) -> None:
    stores = Stores(database)
    sessions = Sessions(stores.sessions)
    reached, step = True, 0
    while reached:
        step += 1
        session = await sessions.create_session(LOCAL, "old", (), SessionSettings())
        changes: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "create": partial(sessions.create_session, LOCAL, "new", (), SessionSettings()),
            "update": partial(sessions.update_session, LOCAL, session.id, name="new"),
            "delete": partial(sessions.delete_session, LOCAL, session.id),
        }
        async with sessions.watch_sessions(LOCAL, None) as live:
            before = {record.id: record for record in await list_sessions(stores)}
            reached, _ = await cancel_by_scope_at(changes[action](), step)
            after = {record.id: record for record in await list_sessions(stores)}
            published = [change.kind async for change in until_silent(live) if change.kind in LIVE]
        assert len(published) == (before != after)


async def test_a_session_without_a_name_is_named_after_the_time_with_its_zone() -> None:
    assert default_name(datetime(2026, 11, 27, 16, 11, tzinfo=UTC)) == "Session - 11/27/2026:16:11 UTC"
    session = await Sessions(cast(Any, FakeSessions())).create_session(LOCAL, None, (), SessionSettings())
    assert session.name.endswith(" UTC")
