"""Storage of the usage of each user and day. A day is a date in UTC."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import date

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now
from persistence.database.sqlite import execute, fetch
from records.access import AccessScope, AnyScope
from records.access.usage import DailyUsage

_COLUMNS = tuple(field.name for field in fields(DailyUsage))
_ADDED = ", ".join(f"{column} = {column} + excluded.{column}" for column in _COLUMNS)
_UPSERT = f"ON CONFLICT (user_id, day) DO UPDATE SET {_ADDED}"

_ADD = f"INSERT INTO daily_usage (user_id, day, {', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?) {_UPSERT}"  # noqa: S608  # constants
_ADD_FAILED = f"""
    INSERT INTO daily_usage (user_id, day, {", ".join(_COLUMNS)})
    SELECT sessions.owner_id, ?, 0, count(*), 0, 0, 0
    FROM messages JOIN sessions ON sessions.id = messages.session_id
    WHERE messages.id IN (SELECT value FROM json_each(?)) GROUP BY sessions.owner_id
    {_UPSERT}
"""  # noqa: S608  # constants


class UsageDays:
    """Implements `services.interfaces.usage_store.UsageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_day(self, scope: AccessScope, day: date) -> DailyUsage:
        query = f"SELECT {', '.join(_COLUMNS)} FROM daily_usage WHERE user_id = ? AND day = ?"  # noqa: S608  # constants
        async with self._database.reading() as reader:
            rows = await fetch(reader, query, [scope.user_id, day.isoformat()])
        return DailyUsage(*rows[0]) if rows else DailyUsage()


async def add_usage(transaction: BaseDBAsyncClient, scope: AnyScope, usage: DailyUsage) -> None:
    """Add to what the user of a scope has used today. The server's own work is not counted."""
    if isinstance(scope, AccessScope) and usage != DailyUsage():
        await execute(transaction, _ADD, [scope.user_id, _today(), *astuple(usage)])


async def add_failed_answers(transaction: BaseDBAsyncClient, message_ids: Sequence[int]) -> None:
    """Count answers as failed today, for the owners of their sessions."""
    await execute(transaction, _ADD_FAILED, [_today(), json_array(message_ids)])


def _today() -> str:
    return now().date().isoformat()
