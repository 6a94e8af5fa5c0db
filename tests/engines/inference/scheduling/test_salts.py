"""Cached prefixes are reused by prompts with the same salt only: users share nothing, not even the wait for a prefix."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.inference.scheduling.engine_harness import EngineHarness
from tests.engines.inference.scheduling.reference import LARGE, SMALL, generate_alone, prompt


@pytest.fixture
def harness(tiny: Path) -> Iterator[EngineHarness]:
    harness = EngineHarness(tiny, LARGE)
    yield harness
    harness.close()


def ask(harness: EngineHarness, tokens: list[int], salt: str, conversation: str = "") -> int:
    """Generate an answer and return the number of tokens of its prompt that were cached."""
    call = harness.ask(tokens, 4, conversation=conversation or salt, salt=salt)
    harness.run()
    return call.finished.cached_tokens


def test_the_prompt_of_another_user_is_not_cached(harness: EngineHarness, tiny: Path) -> None:
    tokens = prompt(200, 20)
    assert ask(harness, tokens, "a") == 0
    call = harness.ask(tokens, 10, conversation="b", salt="b")
    harness.run()
    assert call.finished.cached_tokens == 0
    assert call.text == generate_alone(tiny, tokens, 10)


def test_each_user_continues_with_the_own_prefix(harness: EngineHarness) -> None:
    tokens = prompt(200, 20)
    for salt in ("a", "b"):
        ask(harness, tokens, salt)
    for salt in ("a", "b"):
        assert ask(harness, [*tokens, 7, 8], salt) >= len(tokens)
        assert ask(harness, prompt(200, 30, 5), salt, conversation=f"another of {salt}") == 200


def test_a_conversation_key_without_the_salt_finds_nothing(harness: EngineHarness) -> None:
    ask(harness, prompt(200, 20), "a", conversation="1")
    assert ask(harness, prompt(200, 20), "b", conversation="1") == 0


def test_a_user_does_not_wait_for_a_prefix_of_another(harness: EngineHarness) -> None:
    tokens = prompt(200, 1500)
    first = harness.ask(tokens, 4, conversation="a", salt="a")
    harness.run(1)
    second = harness.ask(tokens, 4, conversation="b", salt="b")
    third = harness.ask(tokens, 4, conversation="c", salt="a")
    harness.run(1)
    running: list[object] = [sequence.job.call for sequence in harness.engine._shared.sequences]
    assert running == [first, second]
    harness.run()
    assert [call.finished.cached_tokens > 0 for call in (first, second, third)] == [False, False, True]


def test_a_swapped_out_prompt_is_not_swapped_in_for_another_user(tiny: Path) -> None:
    harness = EngineHarness(tiny, SMALL)
    tokens = prompt(0, 200, 1)
    ask(harness, tokens, "a")
    ask(harness, prompt(0, 450, 2), "c")
    assert len(harness.engine._swap) == 1
    assert ask(harness, tokens, "b") == 0
    ask(harness, prompt(0, 450, 3), "c")
    assert ask(harness, tokens, "a") == len(tokens) - 1
    harness.close()


def test_an_equal_prompt_of_another_user_does_not_replace_a_swapped_one(tiny: Path) -> None:
    harness = EngineHarness(tiny, SMALL)
    tokens = prompt(0, 200, 1)
    ask(harness, tokens, "a")
    ask(harness, [*tokens, 7], "b")
    ask(harness, prompt(0, 450, 2), "c")
    assert ask(harness, tokens, "a") == len(tokens) - 1
    harness.close()
