"""A sample in Prometheus' text format. Inference speaks vLLM's vocabulary, so that its dashboards need little change."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from engines.metrics.loop_lag import BOUNDS, LoopLag
from records.system import InferenceStatus, SystemSample

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Exposition:
    """One server's metrics, in a registry of its own."""

    def __init__(self, loop_lag: LoopLag) -> None:
        self._loop_lag = loop_lag

    def render(self, sample: SystemSample) -> bytes:
        """To be served as `CONTENT_TYPE`."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(sample, self._loop_lag))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, sample: SystemSample, loop_lag: LoopLag) -> None:
        self._sample = sample
        self._loop_lag = loop_lag

    def collect(self) -> Iterator[Metric]:
        yield from _machine(self._sample)
        yield from _gpus(self._sample)
        yield from _processes(self._sample)
        yield from _inference(self._sample)
        yield from _contents(self._sample)
        yield from _loop_lag(self._loop_lag)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"graphlore_{name}", text, value=value)


def _gauges(
    name: str, text: str, labels: Iterable[str], values: Iterable[tuple[tuple[str, ...], float | None]]
) -> Metric:
    family = GaugeMetricFamily(f"graphlore_{name}", text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def _machine(sample: SystemSample) -> Iterator[Metric]:
    yield _gauge("uptime_seconds", "Seconds since the server began.", sample.uptime_seconds)
    yield _gauge("cpu_usage_ratio", "How busy the processor is, 0 to 1.", sample.cpu.usage_percent / 100)
    yield _gauge("memory_total_bytes", "The main memory.", sample.memory.total_bytes)
    yield _gauge("memory_available_bytes", "What programs can still have of it.", sample.memory.available_bytes)
    yield _gauges(
        "disk_free_bytes", "What the server can still write.", ["purpose"],
        [((disk.purpose,), disk.free_bytes) for disk in sample.disks],
    )  # fmt: skip
    yield _gauges(
        "temperature_celsius", "What the sensors read.", ["sensor", "label"],
        {(each.sensor, each.label): each.current_celsius for each in sample.temperatures}.items(),
    )  # fmt: skip


def _gpus(sample: SystemSample) -> Iterator[Metric]:
    gpus = [((str(gpu.index), gpu.name), gpu) for gpu in sample.gpus]
    labels = ["gpu", "name"]
    yield _gauges(
        "gpu_memory_used_bytes", "What is taken of a GPU's memory.", labels,
        [(key, gpu.memory_used_bytes) for key, gpu in gpus],
    )  # fmt: skip
    yield _gauges(
        "gpu_memory_total_bytes", "A GPU's memory.", labels, [(key, gpu.memory_total_bytes) for key, gpu in gpus]
    )
    yield _gauges(
        "gpu_utilization_ratio", "How busy a GPU is, 0 to 1.", labels,
        [(key, None if gpu.utilization_percent is None else gpu.utilization_percent / 100) for key, gpu in gpus],
    )  # fmt: skip
    yield _gauges(
        "gpu_temperature_celsius", "How hot a GPU is.", labels, [(key, gpu.temperature_celsius) for key, gpu in gpus]
    )


def _processes(sample: SystemSample) -> Iterator[Metric]:
    own = sample.process
    children = [((child.purpose.value, str(child.pid)), child) for child in own.children]
    labels = ["purpose", "pid"]
    server = ("SERVER", str(own.pid))
    yield _gauges(
        "process_cpu_cores", "Cores that a process of the server keeps busy.", labels,
        [(server, own.cpu_percent / 100), *((key, child.cpu_percent / 100) for key, child in children)],
    )  # fmt: skip
    yield _gauges(
        "process_resident_bytes", "Memory that a process of the server holds.", labels,
        [(server, own.resident_bytes), *((key, child.resident_bytes) for key, child in children)],
    )  # fmt: skip
    yield _gauge("process_open_files", "Files and sockets that the server holds open.", own.open_files)
    restarts = CounterMetricFamily("graphlore_worker_restarts", "How often a process was started again.", labels=labels)
    for key, child in children:
        restarts.add_metric(list(key), child.restarts)
    yield restarts


def _cache_usage(model: InferenceStatus) -> float:
    return model.cached_tokens_used / model.cached_tokens_total if model.cached_tokens_total else 0.0


_INFERENCE: tuple[tuple[str, str, Callable[[InferenceStatus], float]], ...] = (
    ("num_requests_running", "Answers that are being written.", lambda model: model.sequences_busy),
    ("num_requests_waiting", "Answers that wait for the model.", lambda model: model.queue_depth),
    ("kv_cache_usage_perc", "What is taken of the KV cache, 0 to 1.", _cache_usage),
    ("prefix_cache_hit_ratio", "Prompt tokens found in the KV cache, 0 to 1.", lambda model: model.prefix_hit_ratio),
    (
        "avg_prompt_throughput_toks_per_s", "Prompt tokens that are read, a second.",
        lambda model: model.prompt_tokens_per_second,
    ),
    (
        "avg_generation_throughput_toks_per_s", "Tokens that are written, a second.",
        lambda model: model.completion_tokens_per_second,
    ),
)  # fmt: skip
"Names as vLLM's, with this server's prefix."


def _inference(sample: SystemSample) -> Iterator[Metric]:
    for name, text, read in _INFERENCE:
        yield _gauges(name, text, ["model_name"], [((model.model_id,), read(model)) for model in sample.inference])


def _contents(sample: SystemSample) -> Iterator[Metric]:
    ingestion, storage = sample.ingestion, sample.storage
    yield _gauge("ingestion_queued", "Documents that wait to be ingested.", ingestion.queued)
    yield _gauge("ingestion_running", "Documents that are being ingested.", ingestion.running)
    yield _gauge("ingestion_chunks_per_second", "Chunks that are embedded, a second.", ingestion.chunks_per_second)
    yield _gauge("documents", "Documents that are kept.", storage.documents)
    yield _gauge("chunks", "Chunks of all documents.", storage.chunks)
    yield _gauge("vectors", "Chunks that are searched by meaning.", storage.vectors)
    yield _gauge("sessions", "Sessions.", storage.sessions)
    yield _gauge("messages", "Messages of all sessions.", storage.messages)
    yield _gauges(
        "storage_bytes", "What is kept on disk.", ["part"],
        [
            (("database",), storage.database_bytes),
            (("vectors",), storage.vector_store_bytes),
            (("originals",), storage.originals_bytes),
        ],
    )  # fmt: skip


def _loop_lag(lag: LoopLag) -> Iterator[Metric]:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(lag.buckets)), strict=True))
    yield HistogramMetricFamily(
        "graphlore_event_loop_lag_seconds", "By how much the event loop was late.", buckets=buckets, sum_value=lag.total
    )
    yield _gauge("event_loop_lag_max_seconds", "The most that it was ever late.", lag.longest)
    quantiles = lag.quantiles()
    yield _gauges(
        "event_loop_lag_recent_seconds", "By how much it was late in the last minute.", ["quantile"],
        [(("0.5",), quantiles.p50), (("0.99",), quantiles.p99), (("1",), quantiles.max)],
    )  # fmt: skip
