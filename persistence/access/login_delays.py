"""Storage of failed attempts to log in."""

from collections.abc import Mapping, Sequence

from persistence.database.access_tables import LoginDelay
from persistence.database.database import Database
from persistence.database.json_columns import json_array, pack
from persistence.database.sqlite import execute, fetch_value

MAX_DELAY_SECONDS = 900

_HAS_TO_WAIT = """
    SELECT 1 FROM json_each(?1) AS attempts JOIN login_delays ON login_delays.key = attempts.key
    WHERE failures >= attempts.value AND ?2 < last_failed_at + min(?3, 1 << min(failures - attempts.value, 20)) LIMIT 1
"""
_COUNT_FAILURE = """
    INSERT INTO login_delays (key, failures, last_failed_at) SELECT key, 1, ?2 FROM json_each(?1) WHERE true
    ON CONFLICT (key) DO UPDATE SET failures = failures + 1, last_failed_at = excluded.last_failed_at
"""
_UNCOUNT = "UPDATE login_delays SET failures = failures - 1 WHERE key IN (SELECT value FROM json_each(?))"


class LoginDelays:
    """Implements `services.interfaces.access.login_delay_store.LoginDelayStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, free_failures: Mapping[str, int], now: float) -> bool:
        attempts = pack(free_failures)
        async with self._database.writing() as transaction:
            if await fetch_value(transaction, _HAS_TO_WAIT, [attempts, now, MAX_DELAY_SECONDS]):
                return False
            await execute(transaction, _COUNT_FAILURE, [attempts, now])
        return True

    async def succeed(self, forgiven: str, uncounted: Sequence[str]) -> None:
        async with self._database.writing() as transaction:
            await LoginDelay.filter(key=forgiven).using_db(transaction).delete()
            await execute(transaction, _UNCOUNT, [json_array(uncounted)])

    async def remove_older(self, before: float) -> None:
        async with self._database.writing() as transaction:
            await LoginDelay.filter(last_failed_at__lt=before).using_db(transaction).delete()
