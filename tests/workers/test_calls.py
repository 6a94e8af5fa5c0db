"""Calls, streams, failures and cancellation."""

import asyncio
import os
import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from records.system import WorkerPurpose, WorkerState
from tests.support.own_task import in_own_task
from tests.workers import echo
from tests.workers.kill_worker import is_alive, until
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
    async with in_own_task(open_worker(spec())) as worker:
        await describe(worker)
        yield worker


async def describe(worker: Worker) -> echo.Described:
    return await worker.call(echo.Describe(), echo.Described)


async def test_a_call_returns_its_reply(worker: Worker) -> None:
    assert (await worker.call(echo.Echo("Grüße"), echo.Text)).text == "Grüße"
    assert worker.state is WorkerState.RUNNING
    assert worker.status().pid == worker.pid == (await describe(worker)).pid


async def test_the_program_receives_its_typed_arguments() -> None:
    async with open_worker(spec(start=echo.Start(greeting="moin"))) as worker:
        assert (await describe(worker)).greeting == "moin"


async def test_concurrent_calls_return_their_own_replies(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(worker.call(echo.Echo(str(n)), echo.Text)) for n in range(200)]
    assert [call.result().text for call in calls] == [str(n) for n in range(200)]


async def test_a_large_body_is_transferred_in_both_directions(worker: Worker) -> None:
    text = "x" * (8 * 1024 * 1024)
    assert (await worker.call(echo.Echo(text), echo.Text)).text == text


async def test_a_body_above_the_frame_limit_is_rejected_and_the_next_call_succeeds(worker: Worker) -> None:
    with pytest.raises(FrameTooLarge):
        await worker.call(echo.Echo("x" * (MAX_FRAME + 1)), echo.Text)
    assert (await worker.call(echo.Echo("small"), echo.Text)).text == "small"


async def test_an_expected_failure_has_its_code(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Fail(expected=True), echo.Text)
    assert (caught.value.code, caught.value.message) == ("TOO_ODD", "The number is odd.")


async def test_an_unexpected_exception_of_the_child_is_internal_with_its_traceback_as_detail(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Fail(expected=False), echo.Text)
    assert caught.value.code == "INTERNAL"
    assert caught.value.message == "An unexpected ValueError occurred in the worker."
    assert "ValueError: unexpected" in caught.value.detail
    assert worker.restarts == 0


async def test_a_request_of_an_unknown_type_fails_without_affecting_others(worker: Worker) -> None:
    with pytest.raises(WorkerCallFailed) as caught:
        await worker.call(echo.Text("not a request"), echo.Text)
    assert caught.value.code == "INVALID_REQUEST"
    assert (await worker.call(echo.Echo("next"), echo.Text)).text == "next"


async def test_a_stream_yields_its_events_in_order_and_then_has_its_reply(worker: Worker) -> None:
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
        await anyio.sleep(0.3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 3 * WINDOW
        assert len([event async for event in stream]) == 10 * WINDOW // size - 1


async def test_leaving_a_stream_early_cancels_it_in_the_child(worker: Worker) -> None:
    async with worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream:
        await anext(stream)
    assert (await describe(worker)).sent < 10**9


async def start_sleeping(
    group: asyncio.TaskGroup, worker: Worker, ignores_cancellation: bool = False
) -> asyncio.Task[None]:
    """Start a call that waits in the child, and return its task once the child handles it."""
    begun = asyncio.Event()

    async def sleep() -> None:
        async with worker.stream(echo.Sleep(ignores_cancellation), echo.Numbered, echo.Text) as stream:
            async for _ in stream:
                begun.set()

    task = group.create_task(sleep())
    await begun.wait()
    return task


async def test_canceling_the_task_of_a_caller_cancels_its_call_in_the_child(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        (await start_sleeping(group, worker)).cancel()
    assert (await describe(worker)).cancellations == 1


async def test_canceling_the_scope_of_a_caller_cancels_its_call_in_the_child(worker: Worker) -> None:
    with anyio.CancelScope() as scope:
        async with worker.stream(echo.Sleep(), echo.Numbered, echo.Text) as stream:
            await anext(stream)
            scope.cancel()
            await anext(stream)
    assert scope.cancelled_caught
    assert (await describe(worker)).cancellations == 1


async def test_a_call_that_is_canceled_before_it_began_is_skipped(worker: Worker) -> None:
    async with asyncio.TaskGroup() as group:
        first = await start_sleeping(group, worker)
        second = group.create_task(worker.call(echo.Sleep(), echo.Text))
        await anyio.sleep(0.05)
        second.cancel()
        await anyio.sleep(0.05)
        first.cancel()
    assert (await describe(worker)).cancellations == 1


async def test_a_child_that_ignores_a_cancellation_is_killed_after_its_limit() -> None:
    async with open_worker(spec(cancel_limit=0.2)) as worker:
        killed_pid = (await describe(worker)).pid
        async with asyncio.TaskGroup() as group:
            (await start_sleeping(group, worker, ignores_cancellation=True)).cancel()
        await until(lambda: worker.pid not in (None, killed_pid))
        assert (await worker.call(echo.Echo("new"), echo.Text)).text == "new"
        assert worker.restarts == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux supports RLIMIT_AS")
async def test_a_child_cannot_allocate_more_memory_than_its_limit() -> None:
    async with open_worker(spec(address_space_bytes=2 * 1024**3)) as worker:
        with pytest.raises(WorkerCallFailed) as caught:
            await worker.call(echo.Allocate(3 * 1024**3), echo.Text)
        assert "MemoryError" in caught.value.message
        assert (await worker.call(echo.Allocate(1000), echo.Text)).text == "1000"


async def test_an_idle_priority_worker_runs_at_the_lowest_priority() -> None:
    async with open_worker(spec(idle_priority=True)) as worker:
        described = await describe(worker)
    assert described.niceness == 19 or described.scheduler == getattr(os, "SCHED_IDLE", None)


async def test_the_child_imports_the_packages_from_any_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workers.py").write_text("raise SystemExit('the wrong workers')")
    monkeypatch.chdir(tmp_path)
    async with open_worker(spec()) as worker:
        assert (await describe(worker)).directory == str(tmp_path)


async def test_an_exception_of_the_block_is_raised_unwrapped() -> None:
    with pytest.raises(KeyError):
        async with open_worker(spec()):
            raise KeyError


class EnvironmentOfOneStart(Mapping[str, str]):
    """An environment that raises an unexpected error when a second process is started."""

    def __init__(self) -> None:
        self.starts = 0

    def __getitem__(self, name: str) -> str:
        raise KeyError(name)

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[str]:
        self.starts += 1
        if self.starts > 1:
            raise LookupError("no environment")
        return iter(())


async def test_an_unexpected_error_of_the_supervision_cancels_the_block_and_leaves_no_process() -> None:
    pids: list[int] = []

    async def run() -> None:
        async with open_worker(spec(environment=EnvironmentOfOneStart())) as worker:
            pids.append((await describe(worker)).pid)
            worker.restart()
            await anyio.sleep_forever()

    with pytest.raises(LookupError):
        await run()
    assert not is_alive(pids[0])


async def test_a_consumer_may_be_closed_before_the_last_event(worker: Worker) -> None:
    async def indexes() -> AsyncIterator[int]:
        async with worker.stream(echo.Count(10**9), echo.Numbered, echo.Text) as stream:
            async for event in stream:
                yield event.index

    async with aclosing(indexes()) as numbers:  # type: ignore[type-var]
        assert await anext(numbers) == 0
    assert (await worker.call(echo.Echo("next"), echo.Text)).text == "next"
