"""Random arrivals, cancellations and aborts in a small cache: answers equal those that are generated separately."""

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

from records.session import FinishReason
from tests.engines.inference.scheduling.engine_harness import EngineHarness, FakeCall
from tests.engines.inference.scheduling.reference import MAX_TOKENS, SMALL, generate_alone, prompt


class RandomSchedule(RuleBasedStateMachine):
    """A schedule for an engine whose cache is too small for all answers."""

    path: Path

    @initialize(swap_bytes=st.sampled_from([0, 1 << 24]))
    def begin(self, swap_bytes: int) -> None:
        self.harness = EngineHarness(self.path, replace(SMALL, context_length=768), swap_bytes)
        self.asked: list[tuple[FakeCall, list[int], int]] = []

    @rule(
        common=st.sampled_from([0, 40, 120, 200]),
        own=st.integers(1, 90),
        seed=st.integers(0, 3),
        count=st.integers(1, MAX_TOKENS),
        conversation=st.sampled_from(["a", "b", "c"]),
    )
    def ask(self, common: int, own: int, seed: int, count: int, conversation: str) -> None:
        tokens = prompt(common, own, seed)
        call = self.harness.ask(tokens, count, conversation=conversation)
        self.asked.append((call, tokens, count))

    @rule(steps=st.integers(1, 40))
    def run(self, steps: int) -> None:
        self.harness.run(steps)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        call, _, _ = data.draw(st.sampled_from(self.asked))
        if not call.ends:
            call.cancel()

    @rule()
    def abort(self) -> None:
        self.harness.abort.armed = True
        self.harness.run(1)

    @invariant()
    def the_bookkeeping_agrees_with_llama_cpp(self) -> None:
        if hasattr(self, "harness"):
            cache = self.harness.engine._shared.cache
            context = self.harness.engine.context
            in_llama = [context.cached_tokens(sequence.number) for sequence in cache.sequences]
            assert in_llama == [len(sequence.tokens) for sequence in cache.sequences]
            cells = {cell for sequence in cache.sequences for cell in sequence.cells}
            assert cache.used == len(cells) <= cache.total

    def teardown(self) -> None:
        if not hasattr(self, "harness"):
            return
        self.harness.run()
        assert not self.harness.is_busy
        for call, tokens, count in self.asked:
            assert call.ends == 1
            if call.canceled and call.result is None:
                assert generate_alone(self.path, tokens, MAX_TOKENS, MAX_TOKENS).startswith(call.text)
            else:
                assert call.finished.finish_reason is FinishReason.LENGTH
                assert call.finished.completion_tokens == count
                assert call.text == generate_alone(self.path, tokens, count, MAX_TOKENS)
        self.harness.close()


def test_every_schedule_generates_the_same_answers_as_single_sequences(tiny: Path) -> None:
    machine = type("RandomScheduleOnTiny", (RandomSchedule,), {"path": tiny})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    )
