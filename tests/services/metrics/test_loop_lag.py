"""The lag of the event loop is measured."""

import time

import anyio

from services.metrics.loop_lag import BOUNDS, INTERVAL, WINDOW, LoopLag, open_loop_lag
from tests.support.supervisor import open_test_supervisor


async def test_a_blocked_loop_is_measured() -> None:
    async with open_test_supervisor() as supervisor, open_loop_lag(supervisor) as lag:
        await anyio.sleep(2 * INTERVAL)
        time.sleep(0.3)  # blocks the loop
        await anyio.sleep(2 * INTERVAL)
    assert lag.longest >= 0.3 - INTERVAL
    assert lag.quantiles().max == lag.longest


async def test_waiting_is_not_measured_as_lag() -> None:
    async with open_test_supervisor() as supervisor, open_loop_lag(supervisor) as lag:
        await anyio.sleep(0.5)
    assert sum(lag.histogram.buckets) > 3
    assert lag.histogram.sum < 0.5


def test_quantiles_cover_the_window_and_the_maximum_all_time() -> None:
    lag = LoopLag()
    lag.observe(9.0)
    for n in range(WINDOW):
        lag.observe(n / 1000)
    quantiles = lag.quantiles()
    assert quantiles.max == (WINDOW - 1) / 1000
    assert round(quantiles.p50, 1) == 1.5
    assert round(quantiles.p99, 2) == 2.97
    assert lag.longest == 9.0
    assert sum(lag.histogram.buckets) == WINDOW + 1
    assert len(lag.histogram.buckets) == len(BOUNDS) + 1


def test_without_a_measurement_the_lag_is_zero() -> None:
    assert LoopLag().quantiles().max == 0.0
