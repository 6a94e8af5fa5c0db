"""The health of the server: its background loops are alive, and its database accepts writes."""

import time
from collections.abc import Awaitable, Callable

import anyio

from concurrency import Supervisor
from records.errors import ExpectedError

FRESH_SECONDS = 5.0
"""Age up to which the result of a write is reused, so that frequent probes cost few writes."""
WRITE_SECONDS = 10.0
"""Time within which the database must accept a write. A long transaction may delay it by seconds."""


class Health:
    """Checks the server on request. `check_write` commits a small write, or raises an `ExpectedError`."""

    def __init__(
        self,
        supervisor: Supervisor,
        check_write: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._supervisor = supervisor
        self._check_write = check_write
        self._clock = clock
        self._checking = anyio.Lock()
        self._checked_at = float("-inf")
        self._database_problem: str | None = None

    async def problems(self) -> tuple[str, ...]:
        """Return the reasons why the server is unhealthy, in sentences without paths or secrets; empty if it is healthy."""
        ended = [f"The background loop '{name}' has ended." for name in self._supervisor.failed]
        database_problem = await self._find_database_problem()
        return (*ended, *([database_problem] if database_problem else []))

    async def _find_database_problem(self) -> str | None:
        async with self._checking:
            if self._clock() - self._checked_at > FRESH_SECONDS:
                self._database_problem = await self._try_write()
                self._checked_at = self._clock()
        return self._database_problem

    async def _try_write(self) -> str | None:
        try:
            with anyio.fail_after(WRITE_SECONDS):
                await self._check_write()
        except ExpectedError as failure:
            return failure.message
        except TimeoutError:
            return f"The database did not accept a write within {WRITE_SECONDS:g} seconds."
        return None
