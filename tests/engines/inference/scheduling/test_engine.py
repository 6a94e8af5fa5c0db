"""Batched generation: each answer equals the one that is generated without other sequences."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.worker.scheduling.kv_cache import MAX_IDLE_CELLS
from records.session import SamplingSettings
from tests.engines.inference.scheduling.engine_harness import EngineHarness
from tests.engines.inference.scheduling.reference import LARGE, SMALL, generate_alone, prompt

DETERMINISTIC = SamplingSettings(temperature=1.3, seed=11, deterministic=True)


@pytest.fixture
def harness(tiny: Path) -> Iterator[EngineHarness]:
    harness = EngineHarness(tiny, LARGE)
    yield harness
    harness.close()


def test_answers_generated_together_equal_those_generated_separately(harness: EngineHarness, tiny: Path) -> None:
    prompts = [prompt(0, 10 + 30 * number, number) for number in range(8)]
    calls = [harness.ask(tokens, 40) for tokens in prompts]
    harness.run()
    assert [call.text for call in calls] == [generate_alone(tiny, tokens, 40) for tokens in prompts]
    assert all(call.finished.completion_tokens == 40 for call in calls)


def test_a_common_prefix_is_prefilled_once(harness: EngineHarness, tiny: Path) -> None:
    prompts = [prompt(200, 20, seed) for seed in range(1, 5)]
    calls = [harness.ask(tokens, 10) for tokens in prompts]
    harness.run()
    prefilled = harness.engine.statistics().prompt_tokens
    assert prefilled <= 200 + 4 * 20 + 64, "the prefix, the rest of each prompt, and a chunk"
    assert [call.text for call in calls] == [generate_alone(tiny, tokens, 10) for tokens in prompts]


def test_the_next_turn_prefills_only_its_new_tokens(harness: EngineHarness) -> None:
    harness.ask(prompt(200, 50), 60, conversation="a")
    harness.run()
    sequences = harness.engine._shared.cache.sequences
    history = list(next(sequence.tokens for sequence in sequences if len(sequence.tokens) > 200))
    call = harness.ask([*history, 7, 8, 9, 10], 5, conversation="a")
    before = harness.engine.statistics().prompt_tokens
    harness.run()
    assert harness.engine.statistics().prompt_tokens - before == 4
    assert call.finished.cached_tokens == len(history)


def test_a_prompt_does_not_overwrite_the_cache_of_another_conversation(harness: EngineHarness) -> None:
    first = prompt(100, 50, 1)
    harness.ask(first, 4, conversation="a")
    harness.run()
    harness.ask(prompt(100, 60, 2), 4, conversation="b")
    harness.run()
    again = harness.ask(first, 4, conversation="a")
    harness.run()
    assert again.finished.cached_tokens == len(first) - 1


def test_decoding_continues_while_a_long_prompt_is_prefilled(harness: EngineHarness) -> None:
    decoding = harness.ask(prompt(0, 10), 400)
    harness.run(3)
    harness.ask(prompt(200, 3000), 4)
    steps, before = 40, harness.engine.statistics()
    harness.run(steps)
    after = harness.engine.statistics()
    assert after.completion_tokens - before.completion_tokens == steps, "one token in every step"
    assert 0 < after.prompt_tokens - before.prompt_tokens < 3000, "beside chunks of the long prompt"
    assert decoding.result is None


def test_a_short_prompt_overtakes_a_long_one(harness: EngineHarness) -> None:
    long = harness.ask(prompt(0, 3500, 1), 4)
    harness.run(2)
    short = harness.ask(prompt(0, 30, 2), 4)
    while short.result is None:
        harness.engine.step()
    assert long.result is None


def test_answers_in_a_full_cache_are_all_finished(tiny: Path) -> None:
    harness = EngineHarness(tiny, SMALL)
    prompts = [prompt(0, 60, seed) for seed in range(4)]
    calls = [harness.ask(tokens, 300) for tokens in prompts]
    harness.run()
    harness.close()
    assert [call.text for call in calls] == [generate_alone(tiny, tokens, 300) for tokens in prompts]


def test_answers_longer_than_their_reserved_cells_are_preempted_and_resumed(tiny: Path) -> None:
    harness = EngineHarness(tiny, replace(SMALL, context_length=1536))
    prompts = [prompt(0, 40, seed) for seed in range(2)]
    calls = [harness.ask(tokens, 1300) for tokens in prompts]
    harness.run()
    assert harness.engine.statistics().preemptions >= 1
    harness.close()
    assert [call.text for call in calls] == [generate_alone(tiny, tokens, 1300) for tokens in prompts]


@pytest.mark.parametrize("swap_bytes", [0, 1 << 24], ids=["prefilled again", "swapped in"])
def test_an_idle_conversation_is_resumed(tiny: Path, swap_bytes: int) -> None:
    harness = EngineHarness(tiny, SMALL, swap_bytes)
    harness.ask(prompt(0, 200, 1), 4, conversation="a")
    harness.run()
    harness.ask(prompt(0, 450, 2), 4, conversation="b")
    harness.run()
    call = harness.ask(prompt(0, 200, 1), 4, conversation="a")
    harness.run()
    harness.close()
    assert call.text == generate_alone(tiny, prompt(0, 200, 1), 4)
    assert call.finished.cached_tokens == (199 if swap_bytes else 0)


def test_a_canceled_prompt_does_not_affect_other_answers(harness: EngineHarness, tiny: Path) -> None:
    prefilling = harness.ask(prompt(0, 3000, 1), 4)
    other = harness.ask(prompt(0, 300, 2), 20)
    harness.run(2)
    harness.abort.armed = True
    harness.engine.step()
    prefilling.cancel()
    harness.run()
    assert prefilling.failure is not None
    assert prefilling.failure.startswith("CANCELED")
    assert prefilling.ends == 1
    assert other.text == generate_alone(tiny, prompt(0, 300, 2), 20)


def test_a_canceled_job_leaves_the_queue(tiny: Path) -> None:
    harness = EngineHarness(tiny, replace(LARGE, parallel_sequences=1))
    harness.ask(prompt(0, 10), 50)
    waiting = harness.ask(prompt(0, 20), 5)
    harness.run(2)
    assert waiting.progress[-1].queue_position == 1
    waiting.cancel()
    harness.run()
    harness.close()
    assert (waiting.ends, waiting.text) == (1, "")


def test_jobs_start_in_order_of_arrival(tiny: Path) -> None:
    harness = EngineHarness(tiny, replace(LARGE, parallel_sequences=1))
    calls = [harness.ask(prompt(0, 10, seed), 5) for seed in range(3)]
    harness.engine.step()
    assert [call.progress[-1].queue_position for call in calls] == [0, 1, 2]
    for done in range(3):
        while calls[done].result is None:
            harness.engine.step()
        assert [call.result is not None for call in calls] == [index <= done for index in range(3)]
    harness.close()


# ── deterministic answers ──


def test_a_deterministic_answer_does_not_depend_on_other_answers(harness: EngineHarness) -> None:
    tokens = prompt(200, 100)
    quiet = harness.ask(tokens, 50, sampling=DETERMINISTIC)
    harness.run()
    for seed in range(5):
        harness.ask(prompt(150, 40 * seed + 10, seed), 80)
    harness.run(5)
    busy = harness.ask(tokens, 50, sampling=DETERMINISTIC)
    harness.run()
    assert busy.text == quiet.text
    assert busy.finished.cached_tokens == 0


def test_answers_with_a_seed_are_generated_together(harness: EngineHarness) -> None:
    seeded = SamplingSettings(temperature=1.0, seed=3)
    calls = [harness.ask(prompt(0, 20, seed), 30, sampling=seeded) for seed in range(4)]
    harness.run(3)
    assert all(call.text for call in calls)


@pytest.mark.parametrize("sampling", [SamplingSettings(), DETERMINISTIC], ids=["shared", "deterministic"])
def test_a_job_whose_sampler_cannot_be_created_fails_and_blocks_no_other(
    harness: EngineHarness, sampling: SamplingSettings
) -> None:
    broken = harness.ask(prompt(0, 20), 10, sampling=sampling, grammar="root ::= (")
    harness.engine.step()
    assert broken.failure is not None
    assert broken.failure.startswith("INVALID_INPUT")
    assert not harness.is_busy, "the engine waits for jobs instead of running empty steps"
    following = harness.ask(prompt(0, 20, 1), 10, sampling=sampling)
    harness.run(50)
    assert following.finished.completion_tokens == 10


def test_a_deterministic_job_whose_context_cannot_be_created_fails_and_blocks_no_other(harness: EngineHarness) -> None:
    context, possible = harness.engine.context, harness.engine.context.settings
    context.settings = replace(possible, flash_attention=False, value_cache_type="q4_0")
    failed = harness.ask(prompt(0, 20), 10, sampling=DETERMINISTIC)
    harness.run(1)
    assert failed.failure is not None
    assert failed.failure.startswith("INSUFFICIENT_MEMORY")
    assert not harness.is_busy
    context.settings = possible
    following = harness.ask(prompt(0, 20, 1), 10, sampling=DETERMINISTIC)
    harness.run(50)
    assert following.finished.completion_tokens == 10


def test_a_deterministic_job_starts_although_others_wait_for_the_shared_context(tiny: Path) -> None:
    harness = EngineHarness(tiny, replace(LARGE, parallel_sequences=1))
    harness.ask(prompt(0, 10), 200)
    harness.ask(prompt(0, 10, 1), 5)
    deterministic = harness.ask(prompt(0, 20), 5, sampling=DETERMINISTIC)
    harness.run(10)
    assert deterministic.finished.completion_tokens == 5
    harness.close()


# ── clients and grammars ──


def test_a_slow_client_delays_no_other(harness: EngineHarness, tiny: Path) -> None:
    slow = harness.ask(prompt(0, 20, 1), 60)
    slow.has_credit = False
    quick = harness.ask(prompt(0, 20, 2), 60)
    harness.run()
    assert slow.text == generate_alone(tiny, prompt(0, 20, 1), 60)
    assert quick.text == generate_alone(tiny, prompt(0, 20, 2), 60)
    assert len([event for event in slow.events if event not in slow.progress]) == 1


GRAMMAR = 'root ::= "{" [a-z]+ "}"'


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_an_answer_follows_its_grammar(harness: EngineHarness, temperature: float) -> None:
    sampling = SamplingSettings(temperature=temperature, seed=5)
    calls = [harness.ask(prompt(0, 20, seed), 60, sampling=sampling, grammar=GRAMMAR) for seed in range(3)]
    harness.run()
    for call in calls:
        assert call.text.startswith("{")
        inside, _, behind = call.text[1:].partition("}")
        assert inside.isalpha()
        assert inside.islower()
        assert not behind


def test_idle_conversations_are_swapped_out_while_others_decode(tiny: Path) -> None:
    """The cells of idle conversations would slow down attention for the running answers."""
    harness = EngineHarness(tiny, replace(LARGE, context_length=4096))
    first = prompt(0, 2 * MAX_IDLE_CELLS, 1)
    answered = harness.ask(first, 4, conversation="first")
    harness.run()
    assert harness.engine.statistics().cached_tokens_used >= len(first)
    harness.ask(prompt(0, 40, 2), 4, conversation="second")
    harness.run()
    assert harness.engine.statistics().cached_tokens_used < MAX_IDLE_CELLS
    again = harness.ask(first, 4, conversation="first")
    harness.run()
    assert again.finished.cached_tokens == len(first) - 1
    assert again.text == answered.text
    harness.close()
