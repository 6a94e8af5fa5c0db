"""The smallest number of decode threads that is not slower than more is chosen; the choice is repeated after a while."""

from collections.abc import Callable

import pytest

from engines.inference.worker.scheduling.thread_tuning import (
    BLOCK,
    BLOCKS,
    MIN_SPEEDUP,
    REPEAT_SECONDS,
    SLOW_SECONDS,
    ThreadTuning,
)

COMPARISON = 2 * BLOCK * BLOCKS
"""Tokens of one comparison."""


class SimulatedMachine:
    """A machine on which a token takes `seconds(threads)`. Its clock advances by that time."""

    def __init__(self, max_threads: int, seconds: Callable[[int], float]) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.tuning = ThreadTuning(max_threads, lambda: self.now)

    def decode(self, tokens: int, rows: int = 1) -> list[int]:
        """Decode tokens and return the number of threads that was used for each."""
        used = []
        for _ in range(tokens):
            used.append(self.tuning.threads)
            duration = self.seconds(self.tuning.threads)
            self.now += duration
            self.tuning.record(rows, duration)
        return used


@pytest.mark.parametrize(
    ("max_threads", "seconds", "expected"),
    [
        (8, lambda threads: 0.016 / threads, 8),
        (8, lambda threads: 0.004 if threads >= 4 else 0.016 / threads, 4),
        (8, lambda threads: 0.001 * threads, 1),
        (6, lambda threads: 0.004, 1),
        (1, lambda threads: 0.004, 1),
        (2, lambda threads: 0.004 / (1.0 + (threads - 1) * (MIN_SPEEDUP - 1.0)), 1),
    ],
    ids=["more is faster", "up to four", "more is slower", "no difference", "one core", "hardly faster"],
)
def test_the_smallest_number_that_is_not_slower_is_chosen(
    max_threads: int, seconds: Callable[[int], float], expected: int
) -> None:
    machine = SimulatedMachine(max_threads, seconds)
    machine.decode(4 * COMPARISON)
    assert set(machine.decode(50)) == {expected}


def test_occasional_slow_tokens_do_not_change_the_choice() -> None:
    delays = iter([0.5 if number % 7 == 0 else 0.0 for number in range(1000)])
    machine = SimulatedMachine(2, lambda threads: 0.008 / threads + next(delays))
    machine.decode(2 * COMPARISON)
    assert set(machine.decode(50)) == {2}


def test_the_comparison_is_repeated_after_some_time() -> None:
    machine = SimulatedMachine(2, lambda threads: 0.02 if threads == 2 else 0.008)
    machine.decode(2 * COMPARISON)
    assert set(machine.decode(50)) == {1}, "another program uses a core"
    machine.seconds = lambda threads: 0.008 / threads
    machine.now += REPEAT_SECONDS
    machine.decode(2 * COMPARISON)
    assert set(machine.decode(50)) == {2}


def test_a_slow_model_keeps_all_threads() -> None:
    machine = SimulatedMachine(4, lambda threads: 2 * SLOW_SECONDS / threads * 4)
    assert set(machine.decode(4 * COMPARISON)) == {4}


def test_batches_of_different_sizes_are_not_compared() -> None:
    machine = SimulatedMachine(2, lambda threads: 0.008 / threads)
    for rows in (1, 2) * COMPARISON:
        assert machine.decode(1, rows) == [2], "a comparison that cannot end changes nothing"
