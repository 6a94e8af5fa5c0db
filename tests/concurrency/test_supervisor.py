"""Supervised loops: an unexpected end is logged, listed and reported; an expected one is not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from structlog.testing import capture_logs

from concurrency import Supervisor, open_supervisor


class LoopFailed(Exception):
    """Raised by the loops of these tests."""


@dataclass
class StopRequests:
    """Counts calls of `on_failure`; a test waits for the first one."""

    count: int = 0
    first: anyio.Event = field(default_factory=anyio.Event)

    def __call__(self) -> None:
        self.count += 1
        self.first.set()


@asynccontextmanager
async def supervised() -> AsyncIterator[tuple[Supervisor, StopRequests]]:
    stop = StopRequests()
    async with open_supervisor(stop) as supervisor:
        yield supervisor, stop


async def failing_loop() -> None:
    raise LoopFailed


async def returning_loop() -> None:
    await anyio.sleep(0)


@pytest.mark.parametrize("loop", [failing_loop, returning_loop])
async def test_a_loop_that_ends_unexpectedly_is_listed_and_stops_the_process(
    loop: Callable[[], Awaitable[None]],
) -> None:
    with capture_logs() as lines:
        async with supervised() as (supervisor, stop), supervisor.running("parsing", loop):
            await stop.first.wait()
            assert (supervisor.alive, supervisor.failed) == ((), ("parsing",))
    assert stop.count == 1
    (line,) = lines
    assert (line["log_level"], line["loop"]) == ("critical", "parsing")
    assert isinstance(line["exc_info"], LoopFailed) is (loop is failing_loop)


async def test_a_loop_that_its_block_cancels_is_no_failure() -> None:
    async with supervised() as (supervisor, stop):
        async with supervisor.running("sampling", anyio.sleep_forever):
            assert supervisor.alive == ("sampling",)
        assert list(supervisor.alive) == []
        assert (supervisor.failed, stop.count) == ((), 0)


async def test_the_block_of_a_failed_loop_is_closed_in_order() -> None:
    closed = []
    async with supervised() as (supervisor, stop), supervisor.running("outer", anyio.sleep_forever):
        async with supervisor.running("inner", failing_loop):
            await stop.first.wait()
            await anyio.sleep(0)
            closed.append("block")
        closed.append("inner")
        assert supervisor.alive == ("outer",)
    assert closed == ["block", "inner"]


async def test_leaving_the_block_waits_until_the_loop_has_cleaned_up() -> None:
    cleaned = False

    async def loop() -> None:
        nonlocal cleaned
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0)
            cleaned = True

    async with supervised() as (supervisor, _):
        async with supervisor.running("cleaning", loop):
            await anyio.sleep(0)
        assert cleaned


async def test_a_loop_that_fails_while_it_is_canceled_is_a_failure() -> None:
    async def loop() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise LoopFailed

    async with supervised() as (supervisor, stop):
        with capture_logs():
            async with supervisor.running("closing", loop):
                await anyio.sleep(0)
        assert (supervisor.failed, stop.count) == (("closing",), 1)


async def test_an_exception_of_the_block_leaves_it_unwrapped_and_ends_all_loops() -> None:
    with pytest.raises(LoopFailed):
        async with supervised() as (supervisor, stop), supervisor.running("sampling", anyio.sleep_forever):
            raise LoopFailed
    assert (supervisor.alive, stop.count) == ((), 0)


async def test_the_failure_of_one_loop_leaves_the_others_running() -> None:
    with capture_logs():
        async with (
            supervised() as (supervisor, stop),
            supervisor.running("first", failing_loop),
            supervisor.running("second", anyio.sleep_forever),
        ):
            await stop.first.wait()
            assert (supervisor.alive, supervisor.failed) == (("second",), ("first",))
