"""Requests to stop the process: by signals and by failures, during the start and later."""

import os
import signal

import anyio
import pytest

from bootstrap import StopRequest


async def test_a_first_request_during_the_start_does_not_cancel_it() -> None:
    stop = StopRequest()
    with stop.starting:
        stop.stop()
        await anyio.sleep(0)
        assert stop.is_requested
    assert not stop.starting.cancelled_caught


async def test_a_second_request_during_the_start_cancels_it() -> None:
    stop = StopRequest()
    with stop.starting:
        stop.stop()
        stop.stop()
        await anyio.sleep(0)
        pytest.fail("the start was not canceled")
    assert stop.starting.cancelled_caught


async def test_requests_are_passed_to_the_running_server() -> None:
    stop, calls = StopRequest(), list[str]()
    stop.stop_server = lambda: calls.append("stop")
    stop.stop()
    stop.fail()
    assert calls == ["stop", "stop"]
    assert stop.is_failure


async def test_a_failure_during_the_start_is_recorded() -> None:
    stop = StopRequest()
    stop.fail()
    assert (stop.is_requested, stop.is_failure) == (True, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_is_a_request(number: int) -> None:
    stop, requested = StopRequest(), anyio.Event()
    stop.stop_server = requested.set
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop.watch_signals)
        os.kill(os.getpid(), number)
        await requested.wait()
        tasks.cancel_scope.cancel()
    assert not stop.is_failure
