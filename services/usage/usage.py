"""The usage of each user today, compared with the limits of a day."""

import math
from datetime import UTC, datetime

from records.access import AccessScope
from records.access.usage import UsageLimits, UsageWindow, next_day
from records.errors import RateLimited
from services.interfaces.usage_store import UsageStore


class Usage:
    """Reads what a user has used today, and refuses what exceeds a limit. Stores count the usage itself."""

    def __init__(self, store: UsageStore, limits: UsageLimits) -> None:
        self._store = store
        self.limits = limits

    async def window(self, scope: AccessScope) -> UsageWindow:
        """Return the usage of the scope's user today."""
        now = datetime.now(UTC)
        return UsageWindow(await self._store.of_day(scope, now.date()), self.limits, next_day(now))

    async def check_answer(self, scope: AccessScope) -> None:
        """Raise `RateLimited` if the user may start no further answer today.

        The caller must prevent that two answers of the user are checked before the first one is stored.
        """
        if self.limits.daily_answers is None and self.limits.daily_tokens is None:
            return
        window = await self.window(scope)
        _check(window, "answers", window.today.answers, 1, self.limits.daily_answers)
        _check(window, "tokens", window.today.tokens, 1, self.limits.daily_tokens)

    async def check_upload(self, scope: AccessScope, byte_size: int) -> None:
        """Raise `RateLimited` if the user may not add a document of this size today."""
        if self.limits.daily_upload_bytes is None:
            return
        window = await self.window(scope)
        used = window.today.uploaded_bytes
        _check(window, "bytes of new documents", used, byte_size, self.limits.daily_upload_bytes)


def _check(window: UsageWindow, unit: str, used: int, more: int, limit: int | None) -> None:
    """Raise `RateLimited` if `more` units are not left of a limit."""
    if limit is None or used + more <= limit:
        return
    left = f". The {limit - used:,} that are left are too few for this upload" if used < limit else ""
    raise RateLimited(
        f"Each user may use {limit:,} {unit} a day. You have used {used:,} today{left}. "
        f"The count starts again at {window.resets_at:%Y-%m-%d %H:%M} UTC.",
        retry_after_ms=max(1, math.ceil((window.resets_at - datetime.now(UTC)).total_seconds() * 1000)),
    )
