"""A reusable event: which calls wake which waiting tasks."""

import anyio

from concurrency import Signal


async def test_a_set_signal_is_remembered_until_it_is_cleared() -> None:
    signal = Signal()
    signal.set()
    await signal.wait()
    await signal.wait()
    signal.clear()
    with anyio.move_on_after(0) as scope:
        await signal.wait()
    assert scope.cancelled_caught


async def test_a_pulse_wakes_the_tasks_that_wait_and_none_that_wait_later() -> None:
    signal, woken = Signal(), []

    async def wait(name: str) -> None:
        await signal.wait()
        woken.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, "first")
        tasks.start_soon(wait, "second")
        await anyio.wait_all_tasks_blocked()
        signal.pulse()
        tasks.start_soon(wait, "late")
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == ["first", "second"]
        tasks.cancel_scope.cancel()


async def test_clearing_does_not_affect_tasks_that_wait_already() -> None:
    signal, woken = Signal(), []

    async def wait() -> None:
        await signal.wait()
        woken.append("woken")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        signal.set()
        signal.clear()
    assert woken == ["woken"]


async def test_waiting_for_a_condition_ends_once_it_is_true() -> None:
    signal, values = Signal(), list[int]()

    async def wait(count: int) -> None:
        await signal.wait_until(lambda: len(values) >= count)

    async with anyio.create_task_group() as tasks:
        for count in (0, 1, 3):
            tasks.start_soon(wait, count)
        for value in range(3):
            await anyio.wait_all_tasks_blocked()
            values.append(value)
            signal.set()
