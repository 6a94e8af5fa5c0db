"""The probe sees what blocks the loop."""

import asyncio
import time

from services.metrics.loop_lag import BOUNDS, INTERVAL, WINDOW, LoopLag, open_loop_lag
from tests.support.supervised import open_test_supervisor


async def test_a_block_of_the_loop_is_seen() -> None:
    async with open_test_supervisor() as supervisor, open_loop_lag(supervisor) as lag:
        await asyncio.sleep(2 * INTERVAL)
        time.sleep(0.3)  # what must never happen
        await asyncio.sleep(2 * INTERVAL)
    assert lag.longest >= 0.3 - INTERVAL
    assert lag.quantiles().max == lag.longest


async def test_a_loop_that_only_waits_is_not_late_for_the_whole_wait() -> None:
    async with open_test_supervisor() as supervisor, open_loop_lag(supervisor) as lag:
        await asyncio.sleep(0.5)
    assert sum(lag.histogram.buckets) > 3
    assert lag.histogram.total < 0.5


def test_quantiles_are_of_the_window_and_the_longest_of_all_time() -> None:
    lag = LoopLag()
    lag.note(9.0)
    for n in range(WINDOW):
        lag.note(n / 1000)
    quantiles = lag.quantiles()
    assert quantiles.max == (WINDOW - 1) / 1000
    assert round(quantiles.p50, 1) == 1.5
    assert round(quantiles.p99, 2) == 2.97
    assert lag.longest == 9.0
    assert sum(lag.histogram.buckets) == WINDOW + 1
    assert len(lag.histogram.buckets) == len(BOUNDS) + 1


def test_nothing_seen_is_no_lag() -> None:
    assert LoopLag().quantiles().max == 0.0
