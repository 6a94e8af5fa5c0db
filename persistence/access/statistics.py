"""Statistics of the server. Every number is computed by SQL; no query reads texts."""

from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import role_filter
from persistence.database.database import Database
from persistence.database.json_columns import stamp
from persistence.database.sqlite import fetch, fetch_value
from records.access import AccessScope, Role
from records.access.statistics import Statistics, StatisticsRange, UsageTotals
from records.document import DocumentStatus
from records.ids import CollectionId

MAX_COLLECTIONS = 10
"""Number of collections of which the answers are counted: those with the most."""

_USERS = "SELECT role, count(*) FROM users GROUP BY role"
_DOCUMENTS = "SELECT status, count(*) FROM documents WHERE status <> 'DELETING' GROUP BY status"
_ACTIVE_USERS = "SELECT count(DISTINCT user_id) FROM daily_usage WHERE day BETWEEN ? AND ?"
_DAYS = """
    SELECT day, sum(answers), sum(failed_answers), sum(prompt_tokens), sum(completion_tokens)
    FROM daily_usage WHERE day BETWEEN ? AND ? GROUP BY day
"""
# The index `messages_answers` has all columns of the next two queries.
_ANSWERS = "FROM messages WHERE role = 'ASSISTANT' AND created_at >= ? AND created_at < ?"
_MODELS = f"""
    SELECT model_name, count(*) {_ANSWERS} AND model_name IS NOT NULL GROUP BY model_name ORDER BY 2 DESC, model_name
"""
_MEDIAN = f"""
    WITH times AS (SELECT time_to_first_token_ms AS time {_ANSWERS} AND time_to_first_token_ms IS NOT NULL)
    SELECT avg(time) FROM (
        SELECT time FROM times ORDER BY time
        LIMIT 2 - (SELECT count(*) FROM times) % 2 OFFSET ((SELECT count(*) FROM times) - 1) / 2
    )
"""  # noqa: S608  # constants
_COLLECTIONS = f"""
    SELECT collection_id, count(*) AS answers FROM session_collections
    JOIN (SELECT session_id {_ANSWERS}) AS answered ON answered.session_id = session_collections.session_id
    GROUP BY collection_id ORDER BY answers DESC, collection_id LIMIT {MAX_COLLECTIONS}
"""  # noqa: S608  # constants


class ServerStatistics:
    """Implements `services.interfaces.statistics_store.StatisticsStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, scope: AccessScope, range: StatisticsRange) -> Statistics:
        included = f"SELECT {role_filter(scope, Role.ADMIN, Role.SUPERADMIN).sql}"
        moments = [stamp(range.since), stamp(range.until)]
        async with self._database.snapshot() as reader:
            if not await fetch_value(reader, included):
                return Statistics()
            return Statistics(
                users_by_role=tuple((Role(role), number) for role, number in await fetch(reader, _USERS)),
                documents_by_status=tuple(
                    (DocumentStatus(status), number) for status, number in await fetch(reader, _DOCUMENTS)
                ),
                sessions=await fetch_value(reader, "SELECT sessions FROM storage_totals"),
                usage=await _usage(reader, range),
                answers_by_model=tuple((name, number) for name, number in await fetch(reader, _MODELS, moments)),
                median_time_to_first_token_ms=await fetch_value(reader, _MEDIAN, moments),
                collections=await fetch_value(reader, "SELECT count(*) FROM collections"),
                answers_by_collection=tuple(
                    (CollectionId(row[0]), row[1]) for row in await fetch(reader, _COLLECTIONS, moments)
                ),
            )


async def _usage(reader: BaseDBAsyncClient, range: StatisticsRange) -> UsageTotals:
    days = range.days
    ends = [days[0].isoformat(), days[-1].isoformat()]
    by_day: dict[str, Any] = {row[0]: row for row in await fetch(reader, _DAYS, ends)}
    answers, failed, prompt, completion = (sum(row[column] for row in by_day.values()) for column in (1, 2, 3, 4))
    return UsageTotals(
        active_users=await fetch_value(reader, _ACTIVE_USERS, ends),
        answers=answers,
        failed_answers=failed,
        prompt_tokens=prompt,
        completion_tokens=completion,
        answers_by_day=tuple((day, by_day[day.isoformat()][1] if day.isoformat() in by_day else 0) for day in days),
    )
