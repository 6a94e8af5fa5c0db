"""Storage of failed attempts to log in."""

from collections.abc import Mapping, Sequence

from persistence.database.access_tables import LoginDelay
from persistence.database.database import Database
from persistence.database.json_columns import json_array, pack
from persistence.database.sqlite import execute, fetch_value

MAX_DELAY_SECONDS = 900
SECONDS_PER_FAILURE = 600
"""Time after which one failure is forgotten."""

_REMAINING = "max(0, failures - (?2 - counted_at) / ?3)"
"""The number of failures that are not forgotten yet."""
_HAS_TO_WAIT = f"""
    SELECT 1 FROM json_each(?1) AS attempts JOIN login_delays ON login_delays.key = attempts.key
    WHERE {_REMAINING} > attempts.value - 0.5
        AND ?2 < last_failed_at + min(?4, 1 << min(CAST({_REMAINING} - attempts.value + 0.5 AS INTEGER), 20)) LIMIT 1
"""  # noqa: S608  # constants
_COUNT_FAILURE = f"""
    INSERT INTO login_delays (key, failures, counted_at, last_failed_at, previous_failed_at)
    SELECT key, 1, ?2, ?2, 0 FROM json_each(?1) WHERE true
    ON CONFLICT (key) DO UPDATE SET failures = {_REMAINING} + 1, counted_at = ?2,
        previous_failed_at = last_failed_at, last_failed_at = ?2
"""  # noqa: S608  # constants
_CANCEL = """
    UPDATE login_delays SET failures = max(0, failures - 1), last_failed_at = previous_failed_at
    WHERE key IN (SELECT value FROM json_each(?))
"""
_REMOVE_FORGOTTEN = "DELETE FROM login_delays WHERE failures <= (?1 - counted_at) / ?2"


class LoginDelays:
    """Implements `services.interfaces.access.login_delay_store.LoginDelayStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, free_failures: Mapping[str, int], now: float) -> bool:
        attempts = pack(free_failures)
        async with self._database.writing() as transaction:
            await execute(transaction, _REMOVE_FORGOTTEN, [now, SECONDS_PER_FAILURE])
            if await fetch_value(transaction, _HAS_TO_WAIT, [attempts, now, SECONDS_PER_FAILURE, MAX_DELAY_SECONDS]):
                return False
            await execute(transaction, _COUNT_FAILURE, [attempts, now, SECONDS_PER_FAILURE])
        return True

    async def forgive(self, key: str) -> None:
        async with self._database.writing() as transaction:
            await LoginDelay.filter(key=key).using_db(transaction).delete()

    async def cancel(self, keys: Sequence[str]) -> None:
        async with self._database.writing() as transaction:
            await execute(transaction, _CANCEL, [json_array(keys)])
