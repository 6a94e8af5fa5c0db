"""The text that Prometheus reads."""

from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from engines.metrics.loop_lag import LoopLag
from engines.metrics.prometheus import Exposition
from records.system import SystemSample
from tests.engines.metrics.test_sampler import FakeServer, opened


async def sample_of(folder: Path) -> SystemSample:
    async with opened(FakeServer(), folder) as metrics:
        return await metrics.sample()


def values(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the values of its labels in alphabetical order."""
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_a_sample_is_rendered_with_inference_in_vllms_words(tmp_path: Path) -> None:
    before = list(REGISTRY.collect())
    rendered = values(Exposition(LoopLag()).render(await sample_of(tmp_path)))
    model = ("0123456789abcdef",)
    assert rendered["graphlore_num_requests_running", model] == 1
    assert rendered["graphlore_num_requests_waiting", model] == 2
    assert rendered["graphlore_kv_cache_usage_perc", model] == 0.25
    assert rendered["graphlore_avg_generation_throughput_toks_per_s", model] == 40.5
    assert rendered["graphlore_documents", ()] == 5
    assert rendered["graphlore_vectors", ()] == 590
    assert rendered["graphlore_ingestion_queued", ()] == 3
    assert rendered["graphlore_storage_bytes", ("originals",)] == 3_000_000
    assert rendered["graphlore_temperature_celsius", ("Package id 0", "coretemp")] == 61
    assert rendered["graphlore_memory_total_bytes", ()] > 0
    assert len(list(REGISTRY.collect())) == len(before), "nothing stands in the registry that all programs share"


async def test_the_loops_lag_is_a_histogram_with_quantiles_and_the_most_that_it_ever_was(tmp_path: Path) -> None:
    lag = LoopLag()
    for late in (0.0, 0.004, 0.02, 0.7):
        lag.note(late)
    rendered = values(Exposition(lag).render(await sample_of(tmp_path)))
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("0.005",)] == 2
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("0.5",)] == 3
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("+Inf",)] == 4
    assert rendered["graphlore_event_loop_lag_seconds_count", ()] == 4
    assert rendered["graphlore_event_loop_lag_max_seconds", ()] == 0.7
    assert rendered["graphlore_event_loop_lag_recent_seconds", ("0.99",)] == 0.7
