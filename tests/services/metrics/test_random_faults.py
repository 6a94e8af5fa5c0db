"""Random subscribers, requests and failing sources: afterwards samples are taken, and only for subscribers."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from records.system import SystemSample
from services.metrics import Metrics
from tests.fakes.faults import Fault, Faults, cancel_by_scope_after, cancel_natively_after
from tests.services.metrics.harness import STORAGE, FakeServer, open_sampler

HANG_SECONDS = 30
"""Time after which a scenario is taken to hang."""

ACTIONS = st.one_of(
    st.tuples(st.just("subscribe"), st.integers(1, 500)),
    st.tuples(st.just("request"), st.integers(0, 12)),
    st.tuples(st.just("fault"), st.integers(0, 3), st.sampled_from(Fault)),
    st.tuples(st.sampled_from(["unsubscribe", "read"])),
)
"""The number of a subscription is its interval in milliseconds. The number of a request is the step of the event loop at
which it is canceled: at even steps by `cancel_natively_after`, at odd steps by `cancel_by_scope_after`."""


class Scenario:
    def __init__(self, metrics: Metrics, faults: Faults) -> None:
        self._metrics = metrics
        self._faults = faults
        self._subscribers: list[tuple[AsyncExitStack, AsyncGenerator[SystemSample, None]]] = []

    async def play(self, action: tuple[Any, ...]) -> None:
        match action:
            case ("subscribe", int(interval)):
                await self.subscribe(interval)
            case ("request", int(steps)):
                cancel_after = cancel_natively_after if steps % 2 == 0 else cancel_by_scope_after
                try:
                    await cancel_after(self._metrics.sample, steps)
                except* OSError:
                    pass
            case ("fault", int(number), Fault() as fault):
                self._faults.fail_call(number, fault)
                while not self._faults.are_injected:  # a subscriber is left, so samples are taken
                    await anyio.sleep(0.01)
            case ("unsubscribe",) if len(self._subscribers) > 1:
                await self._subscribers.pop()[0].aclose()
            case ("read",):
                await anext(self._subscribers[0][1])

    async def subscribe(self, interval: int) -> None:
        stack = AsyncExitStack()
        samples = await stack.enter_async_context(self._metrics.watch_samples(interval))
        await stack.enter_async_context(aclosing(samples))
        self._subscribers.append((stack, samples))

    async def check(self) -> None:
        """Check that every subscriber and a request get samples, and that no subscription is left."""
        for stack, samples in self._subscribers:
            first = await anext(samples)
            assert (await anext(samples)).seq > first.seq
            await stack.aclose()
        assert (await self._metrics.sample()).storage == STORAGE
        assert self._metrics.watchers == 0


@settings(max_examples=15, deadline=None)
@given(st.lists(ACTIONS, min_size=1, max_size=6))
def test_any_mix_of_subscribers_requests_and_faults_leaves_the_sampler_running(actions: list[tuple[Any, ...]]) -> None:
    async def scenario() -> None:
        faults = Faults()
        with tempfile.TemporaryDirectory() as folder, capture_logs(), anyio.fail_after(HANG_SECONDS):
            async with open_sampler(FakeServer(), Path(folder), faults) as metrics:
                played = Scenario(metrics, faults)
                await played.subscribe(250)
                for action in actions:
                    await played.play(action)
                await played.check()

    anyio.run(scenario)
