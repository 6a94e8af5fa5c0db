"""Owned tasks: started work is completed even if the request that waits for it is canceled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from structlog.testing import capture_logs

from concurrency import OwnedTasks, open_owned_tasks, open_supervisor
from records.errors import DiskFull, ServerStopping


class WorkFailed(Exception):
    """Raised by the work of these tests."""


@asynccontextmanager
async def owned_tasks() -> AsyncIterator[OwnedTasks]:
    async with open_supervisor(lambda: None) as supervisor, open_owned_tasks(supervisor, "tests") as tasks:
        yield tasks


class Deletion:
    """Work in two steps that waits in between."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.begun, self.proceed, self.ended = anyio.Event(), anyio.Event(), anyio.Event()
        self._failure = failure

    async def run(self) -> str:
        self.begun.set()
        try:
            await self.proceed.wait()
            if self._failure is not None:
                raise self._failure
        finally:
            self.ended.set()
        return "deleted"


async def test_the_result_of_completed_work_is_returned() -> None:
    deletion = Deletion()
    deletion.proceed.set()
    async with owned_tasks() as tasks:
        assert await tasks.complete(deletion.run, "deletion") == "deleted"


@pytest.mark.parametrize("failure", [DiskFull(), WorkFailed()])
async def test_an_exception_of_the_work_is_raised_to_its_caller_and_not_logged(failure: Exception) -> None:
    deletion = Deletion(failure)
    deletion.proceed.set()
    with capture_logs() as lines:
        async with owned_tasks() as tasks:
            with pytest.raises(type(failure)):
                await tasks.complete(deletion.run, "deletion")
    assert lines == []


async def cancel_caller(tasks: OwnedTasks, deletion: Deletion, way: str) -> None:
    """Cancel a caller of `complete` after the work has begun."""
    if way == "scope":
        async with anyio.create_task_group() as group:
            group.start_soon(tasks.complete, deletion.run, "deletion")
            await deletion.begun.wait()
            group.cancel_scope.cancel()
    elif way == "task":
        caller = asyncio.ensure_future(tasks.complete(deletion.run, "deletion"))
        await deletion.begun.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    else:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(tasks.complete(deletion.run, "deletion"), 0.01)


WAYS = ["scope", "task", "timeout"]


@pytest.mark.parametrize("way", WAYS)
async def test_work_is_completed_after_its_caller_was_canceled(way: str) -> None:
    deletion = Deletion()
    async with owned_tasks() as tasks:
        await cancel_caller(tasks, deletion, way)
        assert not deletion.ended.is_set()
        deletion.proceed.set()
        await deletion.ended.wait()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("failure", "event"),
    [(DiskFull(), "work failed after its request had ended"), (WorkFailed(), "unexpected error")],
)
async def test_a_failure_that_no_caller_waits_for_is_logged(way: str, failure: Exception, event: str) -> None:
    deletion = Deletion(failure)
    with capture_logs() as lines:
        async with owned_tasks() as tasks:
            await cancel_caller(tasks, deletion, way)
            deletion.proceed.set()
            await deletion.ended.wait()
            await anyio.sleep(0)
    assert [(line["event"], line["work"]) for line in lines] == [(event, "deletion")]


async def test_work_that_is_cut_off_by_the_end_of_the_server_raises_server_stopping() -> None:
    deletion, raised = Deletion(), []

    async def call(tasks: OwnedTasks) -> None:
        with pytest.raises(ServerStopping) as caught:
            await tasks.complete(deletion.run, "deletion")
        raised.append(caught.value)

    async with anyio.create_task_group() as callers, owned_tasks() as tasks:
        callers.start_soon(call, tasks)
        await deletion.begun.wait()
    assert len(raised) == 1
    assert deletion.ended.is_set()


async def test_a_background_task_that_fails_is_logged_and_leaves_the_others_running() -> None:
    deletion, ended = Deletion(), anyio.Event()

    async def fail() -> None:
        try:
            raise WorkFailed
        finally:
            ended.set()

    async def delete() -> None:
        await deletion.run()

    with capture_logs() as lines:
        async with owned_tasks() as tasks:
            tasks.start(fail, "failing work")
            tasks.start(delete, "deletion")
            await ended.wait()
            await deletion.begun.wait()
            deletion.proceed.set()
            await deletion.ended.wait()
    assert [(line["event"], line["work"]) for line in lines] == [("unexpected error", "failing work")]
