"""I11 in its small form: eight answers are let in, outgrow the cache together, and are all finished."""

from dataclasses import replace
from pathlib import Path

from engines.inference.worker.scheduling.sequence import RESERVED_TOKENS
from records.session import FinishReason
from tests.engines.inference.alone import LARGE, alone, prompt
from tests.engines.inference.bench import Bench

STREAMS = 8
WRITTEN = RESERVED_TOKENS + 100


def test_eight_answers_that_outgrow_the_cache_are_all_finished(tiny: Path) -> None:
    bench = Bench(tiny, replace(LARGE, context_length=STREAMS * (RESERVED_TOKENS + 32)))
    prompts = [prompt(0, 32, seed) for seed in range(STREAMS)]
    calls = [bench.ask(tokens, WRITTEN) for tokens in prompts]
    bench.run(20)
    assert bench.engine.statistics().sequences_busy == STREAMS, "all of them were let in"
    bench.run()
    assert bench.engine.statistics().preemptions >= 1, "and there was not room for all"
    bench.close()
    assert {call.finished.finish_reason for call in calls} == {FinishReason.LENGTH}
    assert [call.text for call in calls] == [alone(tiny, tokens, WRITTEN) for tokens in prompts]
