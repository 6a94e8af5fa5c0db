"""Random arrivals, cancels, aborts and too small a cache: each answer is still the one that would be made alone."""

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engines.inference.protocol import Priority
from records.session import FinishReason
from tests.engines.inference.alone import MOST, SMALL, alone, prompt
from tests.engines.inference.bench import Bench, FakeCall


class Schedule(RuleBasedStateMachine):
    """Random arrivals, cancels, aborts and a cache that is too small for all."""

    path: Path

    @initialize(copies=st.sampled_from([0, 1 << 24]))
    def begin(self, copies: int) -> None:
        self.bench = Bench(self.path, replace(SMALL, context_length=768), copies)
        self.asked: list[tuple[FakeCall, list[int], int]] = []

    @rule(
        common=st.sampled_from([0, 40, 120, 200]),
        own=st.integers(1, 90),
        seed=st.integers(0, 3),
        count=st.integers(1, MOST),
        priority=st.sampled_from(Priority),
        conversation=st.sampled_from(["a", "b", "c"]),
    )
    def ask(self, common: int, own: int, seed: int, count: int, priority: Priority, conversation: str) -> None:
        tokens = prompt(common, own, seed)
        call = self.bench.ask(tokens, count, priority=priority, conversation=conversation)
        self.asked.append((call, tokens, count))

    @rule(steps=st.integers(1, 40))
    def run(self, steps: int) -> None:
        self.bench.run(steps)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        call, _, _ = data.draw(st.sampled_from(self.asked))
        if not call.ends:
            call.cancel()

    @rule()
    def abort(self) -> None:
        self.bench.abort.armed = True
        self.bench.run(1)

    @invariant()
    def what_is_counted_is_what_is_held(self) -> None:
        if hasattr(self, "bench"):
            cache = self.bench.engine._lane.cache
            context = self.bench.engine.context
            assert [context.held(slot.number) for slot in cache.slots] == [len(slot.tokens) for slot in cache.slots]
            assert cache.used == len({cell for slot in cache.slots for cell in slot.cells}) <= cache.total

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        self.bench.run()
        assert not self.bench.is_busy
        for call, tokens, count in self.asked:
            assert call.ends == 1
            if call.canceled and call.reply_given is None:
                assert alone(self.path, tokens, MOST, MOST).startswith(call.text)
            else:
                assert call.finished.finish_reason is FinishReason.LENGTH
                assert call.finished.completion_tokens == count
                assert call.text == alone(self.path, tokens, count, MOST)
        self.bench.close()


def test_whatever_happens_each_answer_is_the_one_made_alone(tiny: Path) -> None:
    machine = type("On", (Schedule,), {"path": tiny})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    )
