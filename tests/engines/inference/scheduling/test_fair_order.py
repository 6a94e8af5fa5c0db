"""Waiting jobs start in an order that is fair to users; with one user, in order of arrival."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.inference.worker.scheduling.fair_order import FairOrder
from engines.inference.worker.scheduling.job import Job
from tests.engines.inference.scheduling.engine_harness import EngineHarness, FakeCall
from tests.engines.inference.scheduling.reference import LARGE, prompt


@pytest.fixture
def one_sequence(tiny: Path) -> Iterator[EngineHarness]:
    harness = EngineHarness(tiny, replace(LARGE, parallel_sequences=1))
    yield harness
    harness.close()


@pytest.fixture
def two_sequences(tiny: Path) -> Iterator[EngineHarness]:
    harness = EngineHarness(tiny, replace(LARGE, parallel_sequences=2))
    yield harness
    harness.close()


def ask(harness: EngineHarness, salt: str, seed: int) -> FakeCall:
    return harness.ask(prompt(0, 10, seed), 3, conversation=f"{salt}{seed}", salt=salt)


def ends(harness: EngineHarness, calls: Sequence[FakeCall]) -> list[int]:
    """Run until all calls have ended, and return their indexes in the order of their ends."""
    order: list[int] = []
    while len(order) < len(calls):
        harness.engine.step()
        order += [index for index, call in enumerate(calls) if call.result is not None and index not in order]
    return order


def test_the_only_job_of_a_user_does_not_wait_for_thirty_jobs_of_another(one_sequence: EngineHarness) -> None:
    many = [ask(one_sequence, "many", seed) for seed in range(30)]
    one_sequence.engine.step()
    single = ask(one_sequence, "single", 30)
    assert ends(one_sequence, [*many, single])[:2] == [0, 30]


def test_users_with_many_jobs_take_turns(one_sequence: EngineHarness) -> None:
    calls = [ask(one_sequence, salt, seed) for salt in "ab" for seed in range(3)]
    assert ends(one_sequence, calls) == [0, 3, 1, 4, 2, 5]


def test_the_user_with_fewest_running_jobs_is_next(two_sequences: EngineHarness) -> None:
    long = two_sequences.ask(prompt(0, 10, 1), 60, conversation="long", salt="a")
    short = two_sequences.ask(prompt(0, 10, 2), 5, conversation="short", salt="b")
    two_sequences.engine.step()
    waiting = [ask(two_sequences, salt, 3 + seed) for seed, salt in enumerate("aab")]
    while short.result is None:
        two_sequences.engine.step()
    two_sequences.engine.step()
    assert long.result is None
    assert [call.progress[-1].queue_position for call in waiting] == [1, 2, 0]
    two_sequences.run()


def test_published_positions_follow_a_job_that_starts_earlier(one_sequence: EngineHarness) -> None:
    many = [ask(one_sequence, "many", seed) for seed in range(4)]
    one_sequence.engine.step()
    assert [call.progress[-1].queue_position for call in many] == [0, 1, 2, 3]
    single = ask(one_sequence, "single", 4)
    one_sequence.engine.step()
    assert [call.progress[-1].queue_position for call in (*many[1:], single)] == [2, 3, 4, 1]
    one_sequence.run()


def make_job(salt: str) -> Job:
    return Job(None, "", salt, None, None, 1, None)  # type: ignore[arg-type]  # only the salt is read


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=6))
def test_the_order_is_the_order_of_single_starts(salts: list[str], running: list[str]) -> None:
    fair_order, waiting = FairOrder(), [make_job(salt) for salt in salts]
    for salt in running:
        fair_order.started(make_job(salt))
    expected, started = fair_order.sort(waiting), []
    while waiting:
        job = fair_order.sort(waiting)[0]
        waiting.remove(job)
        fair_order.started(job)
        started.append(job)
    assert started == expected
