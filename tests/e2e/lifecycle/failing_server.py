"""The real server with a failing component: `python -m tests.e2e.lifecycle.failing_server KIND [SERVER ARGUMENTS]`."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from bootstrap import Components, Inputs, open_components
from concurrency import Supervisor, open_task_group
from server import ComponentsOpener, main

SECRET = "CANARY-1732050807"
SECONDS_TO_FAILURE = 0.5


class ComponentFailed(Exception):
    """Raised by the failing components."""


async def raise_later() -> None:
    await anyio.sleep(SECONDS_TO_FAILURE)
    raise ComponentFailed(SECRET)


async def return_later() -> None:
    await anyio.sleep(SECONDS_TO_FAILURE)


def with_loop(loop: Callable[[], Awaitable[None]]) -> ComponentsOpener:
    """Add a supervised loop to the components."""

    @asynccontextmanager
    async def opener(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[Components]:
        async with open_components(supervisor, inputs) as components, supervisor.running("failing loop", loop):
            yield components

    return opener


@asynccontextmanager
async def with_loop_that_fails_during_the_start(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[Components]:
    async with supervisor.running("failing loop", raise_later), open_components(supervisor, inputs) as components:
        await anyio.sleep(2 * SECONDS_TO_FAILURE)
        yield components


@asynccontextmanager
async def with_failing_task(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[Components]:
    """Add a component whose own task group fails while the server runs."""
    async with open_components(supervisor, inputs) as components, open_task_group() as tasks:
        tasks.start_soon(raise_later)
        yield components


@asynccontextmanager
async def with_failing_close(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[Components]:
    """Add a component that cannot be closed."""
    async with open_components(supervisor, inputs) as components:
        yield components
        raise ComponentFailed(SECRET)


KINDS: dict[str, ComponentsOpener] = {
    "loop raises": with_loop(raise_later),
    "loop returns": with_loop(return_later),
    "loop raises during the start": with_loop_that_fails_during_the_start,
    "task raises": with_failing_task,
    "close raises": with_failing_close,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], KINDS[sys.argv[1]]))
