"""How many cores write: as few as are not slower, tried out between tokens, and again when time has passed."""

from collections.abc import Callable

import pytest

from engines.inference.worker.scheduling.thread_tuning import (
    AGAIN_SECONDS,
    BLOCK,
    BLOCKS,
    SLOW_SECONDS,
    WORTH_CORES,
    ThreadTuning,
)

TRIAL = 2 * BLOCK * BLOCKS


class Machine:
    """A token takes what `seconds` says for the threads that it is written on; time passes with each."""

    def __init__(self, most: int, seconds: Callable[[int], float]) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.pace = ThreadTuning(most, lambda: self.now)

    def write(self, tokens: int, rows: int = 1) -> list[int]:
        """The threads that each token was written on."""
        used = []
        for _ in range(tokens):
            used.append(self.pace.threads)
            taken = self.seconds(self.pace.threads)
            self.now += taken
            self.pace.note(rows, taken)
        return used


@pytest.mark.parametrize(
    ("most", "seconds", "fewest"),
    [
        (8, lambda threads: 0.016 / threads, 8),
        (8, lambda threads: 0.004 if threads >= 4 else 0.016 / threads, 4),
        (8, lambda threads: 0.001 * threads, 1),
        (6, lambda threads: 0.004, 1),
        (1, lambda threads: 0.004, 1),
        (2, lambda threads: 0.004 / (1.0 + (threads - 1) * (WORTH_CORES - 1.0)), 1),
    ],
    ids=["more is faster", "up to four", "more is slower", "no difference", "one core", "hardly faster"],
)
def test_the_fewest_that_are_not_slower_are_taken(most: int, seconds: Callable[[int], float], fewest: int) -> None:
    machine = Machine(most, seconds)
    machine.write(4 * TRIAL)
    assert set(machine.write(50)) == {fewest}


def test_now_and_then_a_token_takes_long_and_changes_nothing() -> None:
    delays = iter([0.5 if number % 7 == 0 else 0.0 for number in range(1000)])
    machine = Machine(2, lambda threads: 0.008 / threads + next(delays))
    machine.write(2 * TRIAL)
    assert set(machine.write(50)) == {2}


def test_it_is_tried_again_when_time_has_passed() -> None:
    machine = Machine(2, lambda threads: 0.02 if threads == 2 else 0.008)
    machine.write(2 * TRIAL)
    assert set(machine.write(50)) == {1}, "something else wants a core"
    machine.seconds = lambda threads: 0.008 / threads
    machine.now += AGAIN_SECONDS
    machine.write(2 * TRIAL)
    assert set(machine.write(50)) == {2}


def test_a_slow_model_is_not_tried_out() -> None:
    machine = Machine(4, lambda threads: 2 * SLOW_SECONDS / threads * 4)
    assert set(machine.write(4 * TRIAL)) == {4}


def test_batches_of_different_sizes_are_not_compared() -> None:
    machine = Machine(2, lambda threads: 0.008 / threads)
    for rows in (1, 2) * TRIAL:
        assert machine.write(1, rows) == [2], "a trial that cannot end changes nothing"
