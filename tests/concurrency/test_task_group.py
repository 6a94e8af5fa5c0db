"""A task group that lives as long as its block."""

import anyio
import pytest

from concurrency import open_task_group


class BlockFailed(Exception):
    """Raised by the block of a task group."""


class TaskFailed(Exception):
    """Raised by a task of a task group."""


async def fail() -> None:
    raise TaskFailed


async def test_tasks_are_canceled_when_the_block_ends() -> None:
    ended = []

    async def run() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("canceled")

    async with open_task_group() as tasks:
        tasks.start_soon(run)
        await anyio.sleep(0)
    assert ended == ["canceled"]


async def test_an_exception_of_the_block_is_raised_unwrapped() -> None:
    async def run() -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            raise BlockFailed from KeyError("cause")

    with pytest.raises(BlockFailed) as caught:
        await run()
    assert isinstance(caught.value.__cause__, KeyError)


async def test_an_exception_of_a_task_cancels_the_block_and_is_raised_unwrapped() -> None:
    async def run() -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(fail)
            await anyio.sleep_forever()

    with pytest.raises(TaskFailed):
        await run()


async def test_several_exceptions_are_raised_as_a_group() -> None:
    async def run() -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(fail)
            raise BlockFailed

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert {type(error) for error in caught.value.exceptions} == {BlockFailed, TaskFailed}
