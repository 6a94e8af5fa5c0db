"""Random requests, faults, answers and new chunks during indexing: afterwards every chunk is indexed and nothing hangs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from records.errors import Conflict, DiskFull, ExpectedError
from records.ids import ChunkId
from records.indexing import IndexingState
from services.indexing.indexing import ACTIVE, MEASURE_SECONDS
from tests.fakes.faults import Faults, cancel_by_scope_after, cancel_natively_after
from tests.fakes.indexing import WorkerCrash
from tests.services.indexing.harness import IndexingHarness, open_harness
from tests.support.builders import make_chunk

CHUNKS = 40
HANG_SECONDS = 60
ERRORS = (DiskFull(), WorkerCrash("The process ended."), OSError("I/O error"))

requests = st.tuples(st.sampled_from(["start now", "start when idle", "stop", "status"]), st.integers(0, 12))
"""A request: its kind, and the step of the event loop at which the client disconnects (0: never).

At even steps `cancel_natively_after` cancels the request, at odd steps `cancel_by_scope_after`.
"""
conditions = st.one_of(
    st.tuples(st.just("fault"), st.integers(0, 6), st.sampled_from(ERRORS)),
    st.tuples(st.sampled_from(["answer starts", "answers end", "embed", "embed freely", "add chunks", "wait"])),
)


async def play(on: IndexingHarness, faults: Faults, action: tuple[Any, ...]) -> None:
    match action:
        case ("fault", int(number), Exception() as error):
            faults.fail_call(number, error)
        case ("answer starts",):
            await on.start_answer()
        case ("answers end",):
            on.machine.answers = 0
        case ("embed",):
            on.embedder.permits.release()
        case ("embed freely",):
            on.embedder.is_free = True
        case ("add chunks",):
            add_chunks(on)
        case ("wait",):
            await on.pass_time(2 * MEASURE_SECONDS)
        case (str(name), int(steps)):
            await request(on, name, steps)
    await on.settle()


def add_chunks(on: IndexingHarness) -> None:
    known = len(on.vectors.chunks)
    on.vectors.chunks += [
        make_chunk(id=ChunkId(at + 1), index=at, text=f"chunk {at}") for at in range(known, known + 5)
    ]


async def request(on: IndexingHarness, name: str, steps: int) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "start now": partial(on.indexing.start_indexing, now=True),
        "start when idle": partial(on.indexing.start_indexing, now=False),
        "stop": partial(on.indexing.stop_indexing, "a reason"),
        "status": on.indexing.status,
    }
    cancel_after = cancel_natively_after if steps % 2 == 0 else cancel_by_scope_after
    try:
        await (cancel_after(calls[name], steps) if steps else calls[name]())
    except* (ExpectedError, OSError):
        pass


async def check(on: IndexingHarness, faults: Faults) -> None:
    """Check that indexing can be started and indexes everything when all faults are over."""
    faults.clear()
    on.machine.answers = 0
    on.embedder.is_free = True
    on.embedder.permits.release()
    await on.pass_time(2 * MEASURE_SECONDS)
    try:
        await on.indexing.start_indexing(now=True)
    except Conflict:
        assert on.indexing.latest.state in ACTIVE
    await on.settle()
    status = await on.indexing.status()
    assert (status.state, status.error) == (IndexingState.IDLE, None)
    assert (status.done_chunks, status.pending_chunks) == (len(on.vectors.chunks), 0)
    assert on.vectors.former == 0
    assert (on.supervisor.alive, on.supervisor.failed) == (("deep indexing",), ())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(requests, conditions), min_size=1, max_size=15))
def test_any_mix_of_requests_and_faults_ends_with_every_chunk_indexed(actions: list[tuple[Any, ...]]) -> None:
    async def scenario() -> None:
        faults = Faults()
        async with open_harness(CHUNKS, former=10, faults=faults) as on:
            with anyio.fail_after(HANG_SECONDS):
                for action in actions:
                    await play(on, faults, action)
                await check(on, faults)

    anyio.run(scenario)
