"""Indexing survives every fault: a store or embedder that fails in any call, and clients that disconnect at any await."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from records.errors import Conflict, DiskFull
from records.indexing import IndexingState
from services.indexing.indexing import ACTIVE
from tests.fakes.faults import CancelAfter, Faults, cancel_by_scope_after, cancel_natively_after
from tests.fakes.indexing import WorkerCrash
from tests.services.indexing.harness import IndexingHarness, open_harness

CHUNKS = 40
MAX_RESTARTS = 3


async def index_everything(on: IndexingHarness) -> None:
    """Start indexing, again after each failure, until all chunks are indexed."""
    on.embedder.is_free = True
    for _ in range(MAX_RESTARTS):
        try:
            await on.indexing.start_indexing(now=True)
        except (DiskFull, WorkerCrash, OSError):
            continue
        await on.settle()
        if on.indexing.latest.state is not IndexingState.FAILED:
            return


@pytest.mark.parametrize(
    "error",
    [DiskFull(), WorkerCrash("The process ended."), OSError("I/O error")],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_in_any_call_loses_nothing_and_blocks_nothing(error: Exception) -> None:
    fail_at, has_failed = 0, True
    while has_failed:
        faults = Faults()
        faults.fail_call(fail_at, error)
        async with open_harness(CHUNKS, former=10, faults=faults) as on:
            await index_everything(on)
            await on.settle()
            status = on.indexing.latest
            assert (status.state, status.done_chunks, status.error) == (IndexingState.IDLE, CHUNKS, None), fail_at
            assert on.vectors.former == 0
            assert on.supervisor.alive == ("deep indexing",)
        fail_at, has_failed = fail_at + 1, faults.are_injected
    assert fail_at > 10, "each call of a run failed once"


async def test_an_expected_failure_is_shown_with_its_own_message() -> None:
    async with open_harness() as on:
        on.vectors.error = DiskFull()
        await on.pass_time(5)
        on.vectors.error = None
        assert (await on.indexing.status()).error == DiskFull().message


Operation = Callable[[IndexingHarness], Awaitable[object]]
OPERATIONS: dict[str, Operation] = {
    "start now": lambda on: on.indexing.start_indexing(now=True),
    "start when idle": lambda on: on.indexing.start_indexing(now=False),
    "stop": lambda on: on.indexing.stop_indexing("a reason"),
    "status": lambda on: on.indexing.status(),
}


@pytest.mark.parametrize("cancel_after", [cancel_natively_after, cancel_by_scope_after])
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("is_running", [False, True], ids=["waiting", "running"])
async def test_a_client_that_disconnects_at_any_await_leaves_a_consistent_state(
    cancel_after: CancelAfter, name: str, is_running: bool
) -> None:
    steps, was_running = 0, True
    while was_running:
        async with open_harness(CHUNKS) as on:
            if is_running:
                await on.indexing.start_indexing(now=True)
                await on.settle()
            was_running = await cancel_after(partial(OPERATIONS[name], on), steps)
            await on.settle()
            assert on.indexing.latest.error is None
            assert (on.indexing.latest.started_at is not None) == (on.indexing.latest.state in ACTIVE)
            await restart(on)
            assert (await on.indexing.status()).done_chunks == CHUNKS
        steps += 1


async def restart(on: IndexingHarness) -> None:
    on.embedder.is_free = True
    on.embedder.permits.release()
    try:
        await on.indexing.start_indexing(now=True)
    except Conflict:
        assert on.indexing.latest.state in ACTIVE
    await on.settle()
