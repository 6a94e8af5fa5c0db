"""Calls, streams, failures and cancellation."""

import asyncio
import os
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from records.system import WorkerPurpose, WorkerState
from tests.workers import echo
from tests.workers.killing import until
from workers import Worker, WorkerCallFailed, WorkerSpec, open_worker
from workers.frames import MAX_FRAME, WINDOW, FrameTooLarge


def spec(**changes: object) -> WorkerSpec:
    fields: dict[str, object] = {
        "purpose": WorkerPurpose.PARSING,
        "module": "tests.workers.echo",
        "start": echo.Start(),
        **changes,
    }
    return WorkerSpec(**fields)  # type: ignore[arg-type]


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    async with open_worker(spec()) as worker:
        await describe(worker)
        yield worker


async def describe(worker: Worker) -> echo.Described:
    return await worker.call(echo.Describe(), echo.Described)


async def test_a_call_gets_its_reply(worker: Worker) -> None:
    assert (await worker.call(echo.Echo("Grüße"), echo.Text)).text == "Grüße"
    assert worker.state is WorkerState.RUNNING
    assert worker.status().pid == worker.pid == (await describe(worker)).pid


async def test_the_program_gets_its_typed_start() -> None:
    async with open_worker(spec(start=echo.Start(greeting="moin"))) as worker:
        assert (await describe(worker)).greeting == "moin"


async def test_many_calls_at_once_get_each_their_own_reply(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(worker.call(echo.Echo(str(n)), echo.Text)) for n in range(200)]
    assert [call.result().text for call in calls] == [str(n) for n in range(200)]


async def test_a_large_body_passes_in_both_directions(worker: Worker) -> None:
    text = "x" * (8 * 1024 * 1024)
    assert (await worker.call(echo.Echo(text), echo.Text)).text == text


async def test_a_body_above_the_frame_limit_is_refused_and_the_next_call_works(worker: Worker) -> None:
    with pytest.raises(FrameTooLarge):
        await worker.call(echo.Echo("x" * (MAX_FRAME + 1)), echo.Text)
    assert (await worker.call(echo.Echo("small"), echo.Text)).text == "small"


async def test_an_expected_failure_carries_its_code(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Fail(expected=True), echo.Text)
    assert (caught.value.code, caught.value.message) == ("TOO_ODD", "The number is odd.")


async def test_a_surprise_in_the_child_is_internal_and_keeps_its_traceback_for_the_log(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Fail(expected=False), echo.Text)
    assert caught.value.code == "INTERNAL"
    assert "a surprise" not in caught.value.message
    assert "ValueError: a surprise" in caught.value.detail
    assert worker.restarts == 0


async def test_a_request_of_another_type_fails_alone(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Text("not a request"), echo.Text)
    assert caught.value.code == "INVALID_REQUEST"
    assert (await worker.call(echo.Echo("next"), echo.Text)).text == "next"


async def test_a_stream_gives_its_events_in_order_and_then_the_reply(worker: Worker) -> None:
    async with worker.stream(echo.Count(1000), echo.Numbered, echo.Text) as stream:
        with pytest.raises(RuntimeError):
            _ = stream.reply
        assert [event.index async for event in stream] == list(range(1000))
        assert stream.reply.text == "1000"


async def test_a_slow_reader_makes_the_child_wait(worker: Worker) -> None:
    size = 64 * 1024
    async with worker.stream(echo.Count(10 * WINDOW // size, size), echo.Numbered, echo.Text) as stream:
        await anext(stream)
        tracemalloc.start()
        await asyncio.sleep(0.3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 3 * WINDOW
        assert len([event async for event in stream]) == 10 * WINDOW // size - 1


async def test_leaving_a_stream_early_cancels_it_in_the_child(worker: Worker) -> None:
    async with worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream:
        await anext(stream)
    assert (await describe(worker)).sent < 10**9


async def start_sleeping(group: asyncio.TaskGroup, worker: Worker, deaf: bool = False) -> asyncio.Task[None]:
    """A task that sleeps in the child, and has begun to."""
    begun = asyncio.Event()

    async def sleep() -> None:
        async with worker.stream(echo.Sleep(deaf), echo.Numbered, echo.Text) as stream:
            async for _ in stream:
                begun.set()

    task = group.create_task(sleep())
    await begun.wait()
    return task


async def test_a_canceled_caller_cancels_its_call_in_the_child(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        (await start_sleeping(group, worker)).cancel()
    assert (await describe(worker)).cancels_seen == 1


async def test_a_call_canceled_before_it_began_is_passed_over(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        first = await start_sleeping(group, worker)
        second = group.create_task(worker.call(echo.Sleep(), echo.Text))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        first.cancel()
    assert (await describe(worker)).cancels_seen == 1


async def test_a_child_that_is_deaf_to_cancel_is_ended_after_its_limit() -> None:
    async with open_worker(spec(cancel_limit=0.2)) as worker:
        deaf_pid = (await describe(worker)).pid
        async with asyncio.TaskGroup() as group:
            (await start_sleeping(group, worker, deaf=True)).cancel()
        await until(lambda: worker.pid not in (None, deaf_pid))
        assert (await worker.call(echo.Echo("fresh"), echo.Text)).text == "fresh"
        assert worker.restarts == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds RLIMIT_AS")
async def test_a_child_cannot_take_more_memory_than_it_may() -> None:
    async with open_worker(spec(address_space_bytes=2 * 1024**3)) as worker:
        with pytest.raises(WorkerCallFailed) as caught:
            await worker.call(echo.Allocate(3 * 1024**3), echo.Text)
        assert "MemoryError" in caught.value.message
        assert (await worker.call(echo.Allocate(1000), echo.Text)).text == "1000"


async def test_an_idle_worker_runs_at_the_lowest_priority() -> None:
    async with open_worker(spec(idle_priority=True)) as worker:
        described = await describe(worker)
    assert described.niceness == 19 or described.scheduler == getattr(os, "SCHED_IDLE", None)


async def test_the_child_finds_the_rooms_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workers.py").write_text("raise SystemExit('the wrong workers')")
    monkeypatch.chdir(tmp_path)
    async with open_worker(spec()) as worker:
        assert (await describe(worker)).directory == str(tmp_path)


async def test_an_error_in_the_block_leaves_it_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with open_worker(spec()):
            raise KeyError


async def test_a_consumer_may_be_closed_in_the_middle(worker: Worker) -> None:
    async def indexes() -> AsyncIterator[int]:
        async with worker.stream(echo.Count(10**9), echo.Numbered, echo.Text) as stream:
            async for event in stream:
                yield event.index

    async with aclosing(indexes()) as numbers:  # type: ignore[type-var]
        assert await anext(numbers) == 0
    assert (await worker.call(echo.Echo("next"), echo.Text)).text == "next"
