"""One sampler serves all subscribers: shared samples, intervals, failures, and nothing to do without subscribers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from records.system import SystemSample
from services.metrics import Metrics
from services.metrics.sampler import SHARED_SECONDS, Subscription
from tests.fakes.faults import CancelAfter, Faults, cancel_by_scope_after, cancel_natively_after
from tests.services.metrics.harness import INFERENCE, INGESTION, STORAGE, FakeServer, open_sampler


@asynccontextmanager
async def watching(
    metrics: Metrics, interval_ms: int = 250
) -> AsyncGenerator[AsyncGenerator[SystemSample, None], None]:
    async with metrics.watch_samples(interval_ms) as samples, aclosing(samples):
        yield samples


async def read_samples(metrics: Metrics, interval_ms: int, count: int) -> list[int]:
    """Subscribe and return the sequence numbers of the first samples."""
    async with watching(metrics, interval_ms) as samples:
        return [(await anext(samples)).seq for _ in range(count)]


async def test_a_sample_contains_the_machine_and_the_servers_own_numbers(tmp_path: Path) -> None:
    async with open_sampler(FakeServer(), tmp_path) as metrics:
        sample = await metrics.sample()
    assert sample.seq == 1
    assert sample.sampled_at.tzinfo is not None
    assert sample.uptime_seconds > 0
    assert sample.host.version == "0.1.0"
    assert sample.host.os
    assert (sample.inference, sample.ingestion, sample.storage) == ((INFERENCE,), INGESTION, STORAGE)
    assert sample.unavailable == ("gpus: the NVIDIA driver lists no GPU",)


async def test_requests_at_the_same_moment_share_a_sample(tmp_path: Path) -> None:
    server = FakeServer()
    async with open_sampler(server, tmp_path) as metrics, anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(metrics.sample)
    assert 0 < server.samples < 10


async def test_the_first_sample_is_published_at_once_with_any_interval(tmp_path: Path) -> None:
    async with open_sampler(FakeServer(), tmp_path) as metrics:
        assert await read_samples(metrics, 60_000, 1) == [1]


async def test_subscribers_get_shared_samples_at_their_own_intervals(tmp_path: Path) -> None:
    server = FakeServer()
    async with open_sampler(server, tmp_path) as metrics:
        slow, *fast = await asyncio.gather(
            read_samples(metrics, 500, 2), *(read_samples(metrics, 1, 3) for _ in range(100))
        )
        assert metrics.watchers == 0
    for numbers in (slow, *fast):
        assert numbers == sorted(set(numbers))
    assert server.samples < 50


async def test_a_slow_subscriber_gets_the_newest_sample(tmp_path: Path) -> None:
    async with open_sampler(FakeServer(), tmp_path) as metrics, watching(metrics) as slow, watching(metrics) as quick:
        first = await anext(slow)
        last = first
        while last.seq < first.seq + 3:
            last = await anext(quick)
        assert (await anext(slow)).seq >= last.seq


async def test_without_subscribers_no_samples_are_taken(tmp_path: Path) -> None:
    server = FakeServer()
    async with open_sampler(server, tmp_path) as metrics:
        await anyio.sleep(0.6)
        assert server.samples == 0
        await read_samples(metrics, 250, 1)
        samples = server.samples
        await anyio.sleep(0.6)
        assert server.samples <= samples + 1


async def test_a_failed_sample_is_skipped_and_the_next_one_is_taken(tmp_path: Path) -> None:
    server = FakeServer(error=OSError("the database is gone"))
    async with open_sampler(server, tmp_path) as metrics, watching(metrics) as samples:
        with capture_logs():
            while server.samples < 2:
                await anyio.sleep(0.01)
        server.error = None
        assert (await anext(samples)).storage == STORAGE


async def test_a_requested_sample_raises_what_a_source_raises(tmp_path: Path) -> None:
    server = FakeServer(error=OSError("the database is gone"))
    async with open_sampler(server, tmp_path) as metrics:
        with pytest.raises(OSError, match="the database is gone"):
            await metrics.sample()
        server.error = None
        assert (await metrics.sample()).storage == STORAGE


async def test_a_failure_in_any_call_affects_one_sample_only(tmp_path: Path) -> None:
    fail_at, has_failed = 0, True
    while has_failed and fail_at < 10:
        faults = Faults()
        faults.fail_call(fail_at, OSError("I/O error"))
        async with open_sampler(FakeServer(), tmp_path, faults) as metrics, watching(metrics) as samples:
            with capture_logs():
                assert [(await anext(samples)).seq for _ in range(2)] == [1, 2]
        fail_at, has_failed = fail_at + 1, faults.are_injected
    assert fail_at == 5, "each of the four calls of two samples failed once"


@pytest.mark.parametrize("cancel_after", [cancel_natively_after, cancel_by_scope_after])
async def test_a_client_that_disconnects_at_any_await_does_not_interrupt_the_shared_sample(
    tmp_path: Path, cancel_after: CancelAfter
) -> None:
    server, steps = FakeServer(), 0
    async with open_sampler(server, tmp_path) as metrics:
        was_running = True
        while was_running:
            server.samples = 0
            was_running = await cancel_after(metrics.sample, steps)
            assert (await metrics.sample()).storage == STORAGE
            assert server.samples <= 2
            steps = steps * 2 + 1
    assert steps > 1


async def test_an_error_of_the_block_is_raised_unchanged(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with open_sampler(FakeServer(), tmp_path):
            raise KeyError("mine")


async def test_a_missing_metric_is_listed_in_each_sample_and_logged_once(tmp_path: Path) -> None:
    server = FakeServer(unavailable=("inference of alpha: no response",))
    async with open_sampler(server, tmp_path) as metrics, watching(metrics) as samples:
        with capture_logs() as lines:
            seen = [(await anext(samples)).unavailable for _ in range(3)]
            server.unavailable = ()
            while (await anext(samples)).unavailable != seen[0][:-1]:
                pass
            server.unavailable = ("inference of alpha: no response",)
            while (await anext(samples)).unavailable != seen[0]:
                pass
    assert seen == [("gpus: the NVIDIA driver lists no GPU", "inference of alpha: no response")] * 3
    reasons = [line["reason"] for line in lines if line["event"] == "metric unavailable"]
    assert reasons == [seen[0][0], seen[0][1], seen[0][1]]


async def test_a_thousand_subscribers_of_different_intervals_share_the_samples_of_the_fastest(tmp_path: Path) -> None:
    server = FakeServer()
    async with open_sampler(server, tmp_path) as metrics:
        others = [read_samples(metrics, interval, 2) for interval in range(1, 1000)]
        seen, *rest = await asyncio.gather(read_samples(metrics, 250, 8), *others)
        assert metrics.watchers == 0
    assert seen == sorted(set(seen))
    assert all(first < second for first, second in rest)
    # Subscribers that are due within SHARED_SECONDS share a sample, which limits the number of samples a second.
    samples_a_second = 1 / SHARED_SECONDS
    assert server.samples <= samples_a_second * 4 + len(seen)


async def test_a_sample_that_takes_several_intervals_is_published_once(tmp_path: Path) -> None:
    gate = anyio.Event()
    server = FakeServer(gate=gate)
    async with open_sampler(server, tmp_path) as metrics, watching(metrics) as samples:
        while not server.samples:
            await anyio.sleep(0.01)
        await anyio.sleep(0.6)  # more than two intervals
        gate.set()
        numbers = [(await anext(samples)).seq for _ in range(3)]
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(("due", "now", "following"), [(10.0, 10.0, 11.0), (10.0, 10.9, 11.0), (10.0, 13.5, 14.0)])
def test_missed_intervals_are_not_made_up_for(due: float, now: float, following: float) -> None:
    subscription = Subscription(1.0, due)
    subscription.advance(now)
    assert subscription.due == following


@pytest.mark.parametrize(("requested", "interval"), [(-5, 0.25), (0, 0.25), (249, 0.25), (1000, 1.0), (10**9, 60.0)])
async def test_an_interval_outside_of_the_bounds_is_set_to_the_nearest_bound(
    tmp_path: Path, requested: int, interval: float
) -> None:
    async with open_sampler(FakeServer(), tmp_path) as metrics, watching(metrics, requested):
        (subscription,) = metrics._subscriptions
        assert subscription.interval == interval
