"""The health of the server: ended loops and a database that accepts no writes are reported."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from structlog.testing import capture_logs

from concurrency import open_supervisor
from records.errors import DiskFull, ExpectedError
from services.health import FRESH_SECONDS, WRITE_SECONDS, Health


@dataclass
class FakeDatabase:
    """Counts writes, which fail or wait on request."""

    writes: int = 0
    failure: Exception | None = None
    proceed: anyio.Event | None = None

    async def check_write(self) -> None:
        self.writes += 1
        if self.proceed is not None:
            await self.proceed.wait()
        if self.failure is not None:
            raise self.failure


@dataclass
class Fixture:
    database: FakeDatabase = field(default_factory=FakeDatabase)
    now: float = 0.0


@asynccontextmanager
async def open_health(fixture: Fixture) -> AsyncIterator[Health]:
    async with open_supervisor(lambda: None) as supervisor:
        yield Health(supervisor, fixture.database.check_write, lambda: fixture.now)


async def test_a_server_with_a_writable_database_is_healthy() -> None:
    async with open_health(Fixture()) as health:
        assert await health.problems() == ()


async def test_an_ended_loop_is_a_problem_with_its_name() -> None:
    async def end() -> None:
        await anyio.sleep(0)

    ended = anyio.Event()
    with capture_logs():
        async with open_supervisor(ended.set) as supervisor, supervisor.running("ingestion", end):
            await ended.wait()
            health = Health(supervisor, FakeDatabase().check_write)
            assert await health.problems() == ("The background loop 'ingestion' has ended.",)


async def test_a_full_disk_is_a_problem_until_a_write_succeeds() -> None:
    fixture = Fixture()
    fixture.database.failure = DiskFull()
    async with open_health(fixture) as health:
        (problem,) = await health.problems()
        assert problem == DiskFull().message
        fixture.database.failure = None
        fixture.now += FRESH_SECONDS + 1
        assert await health.problems() == ()


async def test_frequent_probes_share_one_write() -> None:
    fixture = Fixture()
    fixture.database.proceed = anyio.Event()
    async with open_health(fixture) as health:
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(health.problems)
            await anyio.wait_all_tasks_blocked()
            fixture.database.proceed.set()
        fixture.now += FRESH_SECONDS
        await health.problems()
        assert fixture.database.writes == 1
        fixture.now += 1
        await health.problems()
        assert fixture.database.writes == 2


async def test_a_database_that_does_not_accept_a_write_in_time_is_a_problem() -> None:
    class TimedOut(FakeDatabase):
        """A database whose write reaches its time limit at once."""

        async def check_write(self) -> None:
            raise TimeoutError

    async with open_health(Fixture(TimedOut())) as health:
        assert await health.problems() == (f"The database did not accept a write within {WRITE_SECONDS:g} seconds.",)


async def test_an_unexpected_error_is_raised_and_the_next_probe_writes_again() -> None:
    fixture = Fixture()
    fixture.database.failure = LookupError()
    async with open_health(fixture) as health:
        with pytest.raises(LookupError):
            await health.problems()
        fixture.database.failure = ExpectedError("The database is read-only.")
        assert await health.problems() == ("The database is read-only.",)
