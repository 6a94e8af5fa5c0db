"""Eight answers are admitted, outgrow the KV cache together, and all of them are finished (I11 with a small model)."""

from dataclasses import replace
from pathlib import Path

from engines.inference.worker.scheduling.sequence import RESERVED_CELLS
from records.session import FinishReason
from tests.engines.inference.scheduling.engine_harness import EngineHarness
from tests.engines.inference.scheduling.reference import LARGE, generate_alone, prompt

SEQUENCES = 8
TOKENS = RESERVED_CELLS + 100


def test_eight_answers_that_outgrow_the_cache_are_all_finished(tiny: Path) -> None:
    harness = EngineHarness(tiny, replace(LARGE, context_length=SEQUENCES * (RESERVED_CELLS + 32)))
    prompts = [prompt(0, 32, seed) for seed in range(SEQUENCES)]
    calls = [harness.ask(tokens, TOKENS) for tokens in prompts]
    harness.run(20)
    assert harness.engine.statistics().sequences_busy == SEQUENCES, "all of them were admitted"
    harness.run()
    assert harness.engine.statistics().preemptions >= 1, "there was not enough room for all"
    harness.close()
    assert {call.finished.finish_reason for call in calls} == {FinishReason.LENGTH}
    assert [call.text for call in calls] == [generate_alone(tiny, tokens, TOKENS) for tokens in prompts]
