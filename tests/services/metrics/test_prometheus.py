"""The Prometheus text format: names, labels and values."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from records.document import DocumentStatus
from records.indexing import IndexingState, IndexingStatus
from records.retrieval import Leg, LegState
from records.session import MessageStatus
from records.system import SystemSample, WorkerPurpose, WorkerState, WorkerStatus
from services.metrics.latency import SECONDS, Histogram
from services.metrics.loop_lag import LoopLag
from services.metrics.prometheus.counters import ServerCounters
from services.metrics.prometheus.exposition import Exposition
from services.metrics.request_counters import RequestCounters
from tests.services.metrics.harness import FakeServer, open_sampler


async def sample_of(folder: Path) -> SystemSample:
    async with open_sampler(FakeServer(), folder) as metrics:
        return await metrics.sample()


def values(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the values by name and by label values, in the alphabetical order of the labels."""
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_a_sample_is_rendered_with_the_metric_names_of_vllm(tmp_path: Path) -> None:
    before = list(REGISTRY.collect())
    rendered = values(Exposition(ServerCounters(LoopLag())).render(await sample_of(tmp_path)))
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
    assert len(list(REGISTRY.collect())) == len(before), "the registry of the process is not used"


async def test_loop_lag_is_rendered_as_histogram_quantiles_and_maximum(tmp_path: Path) -> None:
    lag = LoopLag()
    for late in (0.0, 0.004, 0.02, 0.7):
        lag.observe(late)
    rendered = values(Exposition(ServerCounters(lag)).render(await sample_of(tmp_path)))
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("0.005",)] == 2
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("0.5",)] == 3
    assert rendered["graphlore_event_loop_lag_seconds_bucket", ("+Inf",)] == 4
    assert rendered["graphlore_event_loop_lag_seconds_count", ()] == 4
    assert rendered["graphlore_event_loop_lag_max_seconds", ()] == 0.7
    assert rendered["graphlore_event_loop_lag_recent_seconds", ("0.99",)] == 0.7


UNITS = ("_bytes", "_seconds", "_ratio", "_celsius", "_info", "_cores")
COUNTS = {
    # Counts: the unit is the counted thing at the end of the name.
    "graphlore_documents", "graphlore_chunks", "graphlore_vectors", "graphlore_sessions", "graphlore_messages",
    "graphlore_workers", "graphlore_process_open_files", "graphlore_ingestion_queued", "graphlore_ingestion_running",
    "graphlore_graphql_operations_running", "graphlore_websocket_connections", "graphlore_indexing_documents",
    "graphlore_indexing_chunks", "graphlore_indexing_state",
}  # fmt: skip
NAMES_OF_VLLM = {
    "graphlore_num_requests_running", "graphlore_num_requests_waiting", "graphlore_kv_cache_usage_perc",
    "graphlore_avg_prompt_throughput_toks_per_s", "graphlore_avg_generation_throughput_toks_per_s",
    "graphlore_prefix_cache_hit_ratio", "graphlore_ingestion_chunks_per_second",
}  # fmt: skip


def worker(purpose: WorkerPurpose, pid: int | None, restarts: int) -> WorkerStatus:
    return WorkerStatus(purpose, WorkerState.RUNNING if pid else WorkerState.BACKING_OFF, pid, restarts)


INDEXING = IndexingStatus(IndexingState.RUNNING, "large", 3, 120, 480, 12, 96, 0.0, 600, None, None, None)


def make_counters() -> ServerCounters:
    """Return counters with at least one value of each kind."""
    requests = RequestCounters()
    requests.connected()
    for seconds in (0.004, 0.2, 400.0):
        requests.began("query")
        requests.ended("query", "ok", "http", seconds)
    requests.began("subscription")
    requests.refused("websocket")
    retrievals = Histogram()
    retrievals.observe(0.03)
    return ServerCounters(
        LoopLag(),
        requests,
        retrievals,
        Counter({(Leg.KEYWORD, LegState.RAN): 1, (Leg.DENSE, LegState.FAILED): 1}),
        Counter({DocumentStatus.READY: 2, DocumentStatus.FAILED: 1}),
        Counter({MessageStatus.COMPLETED: 3}),
        lambda: (worker(WorkerPurpose.PARSING, 7, 2), worker(WorkerPurpose.VECTORS, None, 1)),
        indexing=lambda: INDEXING,
    )


async def test_counters_are_rendered_by_kind_and_outcome(tmp_path: Path) -> None:
    rendered = values(Exposition(make_counters()).render(await sample_of(tmp_path)))
    assert rendered["graphlore_graphql_operations_total", ("query", "ok", "http")] == 3
    assert rendered["graphlore_graphql_operations_total", ("unknown", "refused", "websocket")] == 1
    assert rendered["graphlore_graphql_operations_running", ("subscription",)] == 1
    assert rendered["graphlore_graphql_operations_running", ("query",)] == 0
    assert rendered["graphlore_graphql_operation_duration_seconds_bucket", ("query", "0.005")] == 1
    assert rendered["graphlore_graphql_operation_duration_seconds_bucket", ("query", "+Inf")] == 3
    assert rendered["graphlore_graphql_operation_duration_seconds_sum", ("query",)] == 400.204
    assert rendered["graphlore_websocket_connections", ()] == 1
    assert rendered["graphlore_websocket_connections_opened_total", ()] == 1
    assert rendered["graphlore_retrieval_duration_seconds_count", ()] == 1
    assert rendered["graphlore_retrieval_legs_total", ("dense", "FAILED")] == 1
    assert rendered["graphlore_documents_ingested_total", ("ready",)] == 2
    assert rendered["graphlore_answers_total", ("completed",)] == 3


async def test_background_indexing_is_rendered_by_state_and_progress(tmp_path: Path) -> None:
    rendered = values(Exposition(make_counters()).render(await sample_of(tmp_path)))
    states = {state: rendered["graphlore_indexing_state", (state.value,)] for state in IndexingState}
    assert states == {state: float(state is IndexingState.RUNNING) for state in IndexingState}
    assert rendered["graphlore_indexing_documents", ("done",)] == 12
    assert rendered["graphlore_indexing_documents", ("pending",)] == 3
    assert rendered["graphlore_indexing_chunks", ("done",)] == 480
    assert rendered["graphlore_indexing_chunks", ("pending",)] == 120
    assert rendered["graphlore_indexing_embedded_chunks_total", ()] == 96


@pytest.mark.parametrize("status", [None, replace(INDEXING, deep_embedder=None)])
async def test_without_a_deep_embedder_indexing_has_no_metrics(tmp_path: Path, status: IndexingStatus | None) -> None:
    text = Exposition(ServerCounters(LoopLag(), indexing=lambda: status)).render(await sample_of(tmp_path))
    assert not [name for name, _ in values(text) if name.startswith("graphlore_indexing_")]


async def test_a_worker_without_a_process_keeps_its_restarts(tmp_path: Path) -> None:
    rendered = values(Exposition(make_counters()).render(await sample_of(tmp_path)))
    assert rendered["graphlore_worker_restarts_total", ("PARSING",)] == 2
    assert rendered["graphlore_worker_restarts_total", ("VECTORS",)] == 1
    assert rendered["graphlore_workers", ("VECTORS", "BACKING_OFF")] == 1


async def test_names_and_units_follow_the_conventions_of_prometheus(tmp_path: Path) -> None:
    text = Exposition(make_counters()).render(await sample_of(tmp_path)).decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families) > 30
    for family in families:
        assert re.fullmatch(r"graphlore_[a-z0-9_]+", family.name), family.name
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        if family.type == "gauge":
            assert family.name.endswith(UNITS) or family.name in COUNTS | NAMES_OF_VLLM, family.name
        for sample in family.samples:
            assert not set(sample.labels) & {"pid", "id", "operation", "operation_name", "path", "quantile"}, sample
        if family.type == "counter":
            assert all(sample.name == f"{family.name}_total" for sample in family.samples)
    assert text.count("# HELP ") == text.count("# TYPE ") == len(families)


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.005, 0), (0.0051, 1), (300.0, len(SECONDS) - 1), (301.0, len(SECONDS))]
)
def test_a_value_at_a_bound_is_counted_in_its_bucket(seconds: float, bucket: int) -> None:
    histogram = Histogram()
    histogram.observe(seconds)
    assert [at for at, count in enumerate(histogram.buckets) if count] == [bucket]
