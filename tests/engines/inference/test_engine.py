"""Many answers at once come out as each would alone, whatever else happens meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.protocol import Priority
from engines.inference.worker.scheduling.kv_cache import MOST_IDLE
from records.session import SamplingSettings
from tests.engines.inference.alone import LARGE, SMALL, alone, prompt
from tests.engines.inference.bench import Bench


@pytest.fixture
def bench(tiny: Path) -> Iterator[Bench]:
    bench = Bench(tiny, LARGE)
    yield bench
    bench.close()


def test_answers_that_are_made_together_are_those_made_alone(bench: Bench, tiny: Path) -> None:
    prompts = [prompt(0, 10 + 30 * number, number) for number in range(8)]
    calls = [bench.ask(tokens, 40) for tokens in prompts]
    bench.run()
    assert [call.text for call in calls] == [alone(tiny, tokens, 40) for tokens in prompts]
    assert all(call.finished.completion_tokens == 40 for call in calls)


def test_prompts_that_begin_alike_are_read_once(bench: Bench, tiny: Path) -> None:
    prompts = [prompt(200, 20, seed) for seed in range(1, 5)]
    calls = [bench.ask(tokens, 10) for tokens in prompts]
    bench.run()
    read = bench.engine.statistics().prompt_tokens
    assert read <= 200 + 4 * 20 + 64, "the common part, each one's own, and a chunk"
    assert [call.text for call in calls] == [alone(tiny, tokens, 10) for tokens in prompts]


def test_the_next_turn_reads_only_what_is_new(bench: Bench) -> None:
    first = prompt(200, 50)
    bench.ask(first, 60, conversation="a")
    bench.run()
    history = list(next(slot.tokens for slot in bench.engine._lane.cache.slots if len(slot.tokens) > 200))
    call = bench.ask([*history, 7, 8, 9, 10], 5, conversation="a")
    before = bench.engine.statistics().prompt_tokens
    bench.run()
    assert bench.engine.statistics().prompt_tokens - before == 4
    assert call.finished.cached_tokens == len(history)


def test_a_prompt_leaves_what_another_conversation_holds(bench: Bench) -> None:
    one = prompt(100, 50, 1)
    bench.ask(one, 4, conversation="a")
    bench.run()
    bench.ask(prompt(100, 60, 2), 4, conversation="b")
    bench.run()
    again = bench.ask(one, 4, conversation="a")
    bench.run()
    assert again.finished.cached_tokens == len(one) - 1


def test_an_answer_is_not_held_up_by_a_long_prompt(bench: Bench) -> None:
    writing = bench.ask(prompt(0, 10), 400)
    bench.run(3)
    bench.ask(prompt(200, 3000), 4)
    steps, before = 40, bench.engine.statistics()
    bench.run(steps)
    after = bench.engine.statistics()
    assert after.completion_tokens - before.completion_tokens == steps, "a token in every step"
    assert 0 < after.prompt_tokens - before.prompt_tokens < 3000, "beside parts of the long prompt"
    assert writing.reply_given is None


def test_a_short_prompt_overtakes_a_long_one(bench: Bench) -> None:
    long = bench.ask(prompt(0, 3500, 1), 4)
    bench.run(2)
    short = bench.ask(prompt(0, 30, 2), 4)
    while short.reply_given is None:
        bench.engine.step()
    assert long.reply_given is None


def test_chat_is_read_before_what_runs_in_the_background(bench: Bench) -> None:
    background = bench.ask(prompt(0, 1500, 1), 4, priority=Priority.BACKGROUND)
    chat = bench.ask(prompt(0, 1500, 2), 4)
    while chat.reply_given is None:
        bench.engine.step()
    assert background.reply_given is None
    bench.run()
    assert background.finished.completion_tokens == 4


def test_a_full_cache_kills_nobody(tiny: Path) -> None:
    bench = Bench(tiny, SMALL)
    prompts = [prompt(0, 60, seed) for seed in range(4)]
    calls = [bench.ask(tokens, 300) for tokens in prompts]
    bench.run()
    bench.close()
    assert [call.text for call in calls] == [alone(tiny, tokens, 300) for tokens in prompts]


def test_answers_that_outgrow_what_was_promised_give_way_and_go_on(tiny: Path) -> None:
    bench = Bench(tiny, replace(SMALL, context_length=1536))
    prompts = [prompt(0, 40, seed) for seed in range(2)]
    calls = [bench.ask(tokens, 1300) for tokens in prompts]
    bench.run()
    assert bench.engine.statistics().preemptions >= 1
    bench.close()
    assert [call.text for call in calls] == [alone(tiny, tokens, 1300) for tokens in prompts]


@pytest.mark.parametrize("copy_bytes", [0, 1 << 24], ids=["read again", "brought back"])
def test_an_idle_conversation_comes_back(tiny: Path, copy_bytes: int) -> None:
    bench = Bench(tiny, SMALL, copy_bytes)
    bench.ask(prompt(0, 200, 1), 4, conversation="a")
    bench.run()
    bench.ask(prompt(0, 450, 2), 4, conversation="b")
    bench.run()
    call = bench.ask(prompt(0, 200, 1), 4, conversation="a")
    bench.run()
    bench.close()
    assert call.text == alone(tiny, prompt(0, 200, 1), 4)
    assert call.finished.cached_tokens == (199 if copy_bytes else 0)


def test_a_canceled_prompt_leaves_its_neighbours_alone(bench: Bench, tiny: Path) -> None:
    reading = bench.ask(prompt(0, 3000, 1), 4)
    other = bench.ask(prompt(0, 300, 2), 20)
    bench.run(2)
    bench.abort.armed = True
    bench.engine.step()
    reading.cancel()
    bench.run()
    assert reading.failure is not None
    assert reading.failure.startswith("CANCELED")
    assert reading.ends == 1
    assert other.text == alone(tiny, prompt(0, 300, 2), 20)


def test_a_canceled_answer_that_waits_leaves_the_queue(tiny: Path) -> None:
    bench = Bench(tiny, replace(LARGE, parallel_sequences=1))
    bench.ask(prompt(0, 10), 50)
    waiting = bench.ask(prompt(0, 20), 5)
    bench.run(2)
    assert waiting.progress[-1].queue_position == 1
    waiting.cancel()
    bench.run()
    bench.close()
    assert (waiting.ends, waiting.text) == (1, "")


def test_a_deterministic_answer_is_the_same_whoever_else_is_there(bench: Bench) -> None:
    drawn = SamplingSettings(temperature=1.3, seed=11, deterministic=True)
    tokens = prompt(200, 100)
    quiet = bench.ask(tokens, 50, sampling=drawn)
    bench.run()
    for seed in range(5):
        bench.ask(prompt(150, 40 * seed + 10, seed), 80)
    bench.run(5)
    busy = bench.ask(tokens, 50, sampling=drawn)
    bench.run()
    assert busy.text == quiet.text
    assert busy.finished.cached_tokens == 0


def test_a_seed_alone_waits_for_nobody(bench: Bench) -> None:
    seeded = SamplingSettings(temperature=1.0, seed=3)
    calls = [bench.ask(prompt(0, 20, seed), 30, sampling=seeded) for seed in range(4)]
    bench.run(3)
    assert all(call.text for call in calls)


def test_a_reader_that_is_behind_holds_nobody_up(bench: Bench, tiny: Path) -> None:
    slow = bench.ask(prompt(0, 20, 1), 60)
    slow.has_credit = False
    quick = bench.ask(prompt(0, 20, 2), 60)
    bench.run()
    assert slow.text == alone(tiny, prompt(0, 20, 1), 60)
    assert quick.text == alone(tiny, prompt(0, 20, 2), 60)
    assert len([event for event in slow.events if event not in slow.progress]) == 1


GRAMMAR = 'root ::= "{" [a-z]+ "}"'


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_a_grammar_is_kept_to(bench: Bench, temperature: float) -> None:
    sampling = SamplingSettings(temperature=temperature, seed=5)
    calls = [bench.ask(prompt(0, 20, seed), 60, sampling=sampling, grammar=GRAMMAR) for seed in range(3)]
    bench.run()
    for call in calls:
        assert call.text.startswith("{")
        inside, _, behind = call.text[1:].partition("}")
        assert inside.isalpha()
        assert inside.islower()
        assert not behind


def test_a_grammar_without_meaning_ends_its_answer_alone(bench: Bench) -> None:
    broken = bench.ask(prompt(0, 20), 10, grammar="root ::= (")
    fine = bench.ask(prompt(0, 20, 1), 10)
    bench.run()
    assert broken.failure is not None
    assert broken.failure.startswith("INVALID_INPUT")
    assert fine.finished.completion_tokens == 10


def test_idle_conversations_do_not_slow_down_who_is_answered(tiny: Path) -> None:
    """A token looks at every cell that is held: they move out, and come back when they go on."""
    bench = Bench(tiny, replace(LARGE, context_length=4096))
    first = prompt(0, 2 * MOST_IDLE, 1)
    answered = bench.ask(first, 4, conversation="first")
    bench.run()
    assert bench.engine.statistics().cached_tokens_used >= len(first)
    bench.ask(prompt(0, 40, 2), 4, conversation="second")
    bench.run()
    assert bench.engine.statistics().cached_tokens_used < MOST_IDLE
    again = bench.ask(first, 4, conversation="first")
    bench.run()
    assert again.finished.cached_tokens == len(first) - 1
    assert again.text == answered.text
    bench.close()
