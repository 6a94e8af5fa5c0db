"""Statistics count what is stored and used; they are computed from indexes and contain no text."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from persistence.access import statistics
from persistence.access.daily_usage import add_usage
from persistence.access.statistics import ServerStatistics
from persistence.database.database import Database
from persistence.database.sqlite import execute, execute_many, fetch
from records.access import AccessScope, KeyLimit, Role
from records.access.statistics import Statistics, StatisticsRange, UsageTotals
from records.access.usage import DailyUsage, TokenCount
from records.document import DocumentStatus
from records.session import MessageStatus
from tests.access import LOCAL, STRANGER, add_stranger
from tests.persistence.sessions.test_messages import DETAILS
from tests.persistence.stores import Stores

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def last_days(number: int = 1) -> StatisticsRange:
    now = datetime.now(UTC)
    return StatisticsRange(now - timedelta(days=number), now + timedelta(seconds=1))


async def answer(stores: Stores, times: Sequence[float | None]) -> None:
    """Store an answer for each time to its first token in milliseconds; None for a failed answer."""
    for time in times:
        _, started, _ = await stores.ask((await stores.session()).id)
        ended = replace(started, status=MessageStatus.FAILED)
        if time is not None:
            details = replace(DETAILS, time_to_first_token_ms=time)
            ended = replace(started, status=MessageStatus.COMPLETED, generation=details)
        await stores.messages.finish(stores.scope, ended, TokenCount(100, 10))


async def test_everything_of_all_users_is_counted(database: Database) -> None:
    await add_stranger(database)
    mine, theirs = Stores(database), Stores(database, STRANGER)
    await answer(mine, [10.0, None])
    await answer(theirs, [30.0])
    await mine.add("a.txt")
    await theirs.ingest("words", name="b.txt")
    found = await ServerStatistics(database).read(LOCAL, last_days())
    assert found.users_by_role == ((Role.SUPERADMIN, 1), (Role.USER, 1))
    assert dict(found.documents_by_status) == {DocumentStatus.PENDING: 1, DocumentStatus.EMBEDDING: 1}
    assert (found.sessions, found.answers_by_model, found.median_time_to_first_token_ms) == (3, (("Small", 3),), 20.0)
    usage = replace(found.usage, answers_by_day=())
    assert usage == UsageTotals(active_users=2, answers=3, failed_answers=1, prompt_tokens=300, completion_tokens=30)


async def test_deleted_answers_stay_in_the_counts_of_days(database: Database) -> None:
    stores = Stores(database)
    await answer(stores, [10.0])
    async with database.writing() as transaction:
        await execute(transaction, "DELETE FROM sessions")
    found = await ServerStatistics(database).read(LOCAL, last_days())
    assert (found.usage.answers, found.answers_by_model, found.median_time_to_first_token_ms) == (1, (), None)


@pytest.mark.parametrize(
    ("times", "median"),
    [([], None), ([5.0], 5.0), ([9.0, 5.0], 7.0), ([9.0, 1.0, 5.0], 5.0), ([4.0, 1.0, 2.0, 8.0], 3.0)],
)
async def test_the_median_is_that_of_the_answers_with_a_text(
    database: Database, times: list[float], median: float | None
) -> None:
    await answer(Stores(database), [*times, None])
    found = await ServerStatistics(database).read(LOCAL, last_days())
    assert found.median_time_to_first_token_ms == median


async def test_every_day_that_the_range_touches_is_listed(database: Database) -> None:
    async with database.writing() as transaction:
        for day in range(18, 24):
            await add_usage(transaction, LOCAL, DailyUsage(answers=day))
            await execute(transaction, "UPDATE daily_usage SET day = ? WHERE answers = ?", [f"2026-11-{day}", day])
    read = ServerStatistics(database).read
    touched = (await read(LOCAL, StatisticsRange(NOON, NOON + timedelta(days=2)))).usage
    assert touched.answers_by_day == tuple((date(2026, 11, day), day) for day in (21, 22, 23))
    assert touched.answers == 66
    midnight = NOON.replace(hour=0)
    whole = (await read(LOCAL, StatisticsRange(midnight, midnight + timedelta(days=1)))).usage
    assert whole.answers_by_day == ((date(2026, 11, 21), 21),)
    empty = (await read(LOCAL, StatisticsRange(midnight - timedelta(days=10), midnight - timedelta(days=9)))).usage
    assert (empty.answers_by_day, empty.active_users) == (((date(2026, 11, 11), 0),), 0)


@pytest.mark.parametrize("scope", [STRANGER, replace(LOCAL, limit=KeyLimit.READ)])
async def test_a_scope_without_rights_of_an_administrator_includes_nothing(
    database: Database, scope: AccessScope
) -> None:
    await answer(Stores(database), [10.0])
    assert await ServerStatistics(database).read(scope, last_days()) == Statistics()


@pytest.mark.parametrize("query", [statistics._MODELS, statistics._MEDIAN])
async def test_answers_are_counted_from_an_index_alone(database: Database, query: str) -> None:
    """The rows of answers contain texts and whole prompts: reading them would read the file of the database."""
    session = await Stores(database).session()
    rows = [(session.id, number) for number in range(2000)]
    insert = """INSERT INTO messages (session_id, role, content, status, model_name, created_at)
        VALUES (?, 'ASSISTANT', 'text', 'FAILED', 'Small', ?)"""
    async with database.writing() as transaction:
        await execute_many(transaction, insert, rows)
    async with database.reading() as reader:
        plan = [row["detail"] for row in await fetch(reader, f"EXPLAIN QUERY PLAN {query}", ["a", "b"])]
    assert any(
        "messages USING COVERING INDEX messages_answers (created_at>? AND created_at<?)" in step for step in plan
    )
    assert not any("SCAN messages" in step for step in plan), plan
