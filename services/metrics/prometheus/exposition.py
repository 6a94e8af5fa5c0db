"""All metrics in the Prometheus text format.

The metrics of inference have the names of vLLM with this server's prefix, so that dashboards for vLLM need few changes.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from records.system import InferenceStatus, SystemSample
from services.metrics.prometheus.counters import ServerCounters, counter_families
from services.metrics.prometheus.families import counter, gauge, gauges

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Exposition:
    """Renders the metrics of one server. The registry that prometheus_client shares within a process is not used."""

    def __init__(self, counters: ServerCounters) -> None:
        self._counters = counters

    def render(self, sample: SystemSample) -> bytes:
        """Return the text of a sample and of the counters, to be served as `CONTENT_TYPE`."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(sample, self._counters))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, sample: SystemSample, counters: ServerCounters) -> None:
        self._sample = sample
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        yield from _machine(self._sample)
        yield from _gpus(self._sample)
        yield from _processes(self._sample)
        yield from _inference(self._sample)
        yield from _contents(self._sample)
        yield from counter_families(self._counters)


def _machine(sample: SystemSample) -> Iterator[Metric]:
    build = GaugeMetricFamily(
        "graphlore_build_info", "Version of the server; the value is always 1.", labels=["version"]
    )
    build.add_metric([sample.host.version], 1)
    yield build
    yield gauge("uptime_seconds", "Time since the start of the server.", sample.uptime_seconds)
    yield gauge("cpu_usage_ratio", "Usage of the processor, 0 to 1.", sample.cpu.usage_percent / 100)
    yield gauge("memory_total_bytes", "Size of the main memory.", sample.memory.total_bytes)
    yield gauge("memory_available_bytes", "Memory that programs can still allocate.", sample.memory.available_bytes)
    yield gauges(
        "disk_free_bytes", "Free space of the file systems.", ["purpose"],
        [((disk.purpose,), disk.free_bytes) for disk in sample.disks],
    )  # fmt: skip
    yield gauges(
        "temperature_celsius", "Readings of the temperature sensors.", ["sensor", "label"],
        {(each.sensor, each.label): each.current_celsius for each in sample.temperatures}.items(),
    )  # fmt: skip


def _gpus(sample: SystemSample) -> Iterator[Metric]:
    gpus = [((str(gpu.index), gpu.name), gpu) for gpu in sample.gpus]
    labels = ["gpu", "name"]
    yield gauges(
        "gpu_memory_used_bytes", "Used memory of a GPU.", labels, [(key, gpu.memory_used_bytes) for key, gpu in gpus]
    )
    yield gauges(
        "gpu_memory_total_bytes",
        "Size of a GPU's memory.",
        labels,
        [(key, gpu.memory_total_bytes) for key, gpu in gpus],
    )
    yield gauges(
        "gpu_utilization_ratio", "Usage of a GPU, 0 to 1.", labels,
        [(key, None if gpu.utilization_percent is None else gpu.utilization_percent / 100) for key, gpu in gpus],
    )  # fmt: skip
    yield gauges(
        "gpu_temperature_celsius",
        "Temperature of a GPU.",
        labels,
        [(key, gpu.temperature_celsius) for key, gpu in gpus],
    )


def _processes(sample: SystemSample) -> Iterator[Metric]:
    """Yield processes by purpose; a label with the process id would create new series with each restart."""
    own = sample.process
    cores: dict[str, float] = {"SERVER": own.cpu_percent / 100}
    resident = Counter({"SERVER": own.resident_bytes})
    for child in own.children:
        cores[child.purpose.value] = cores.get(child.purpose.value, 0.0) + child.cpu_percent / 100
        resident[child.purpose.value] += child.resident_bytes
    yield gauges(
        "process_cpu_cores", "Cores that the server's processes keep busy.", ["purpose"],
        [((purpose,), value) for purpose, value in cores.items()],
    )  # fmt: skip
    yield gauges(
        "process_resident_bytes", "Resident memory of the server's processes.", ["purpose"],
        [((purpose,), value) for purpose, value in resident.items()],
    )  # fmt: skip
    yield gauge("process_open_files", "Open files and sockets of the server's process.", own.open_files)


def _cache_usage(model: InferenceStatus) -> float:
    return model.cached_tokens_used / model.cached_tokens_total if model.cached_tokens_total else 0.0


_INFERENCE: tuple[tuple[str, str, Callable[[InferenceStatus], float]], ...] = (
    ("num_requests_running", "Answers that are being generated.", lambda model: model.sequences_busy),
    ("num_requests_waiting", "Answers that wait for the model.", lambda model: model.queue_depth),
    ("kv_cache_usage_perc", "Used share of the KV cache, 0 to 1.", _cache_usage),
    ("prefix_cache_hit_ratio", "Share of prompt tokens found in the KV cache, 0 to 1.",
     lambda model: model.prefix_hit_ratio),
    ("avg_prompt_throughput_toks_per_s", "Prompt tokens prefilled per second.",
     lambda model: model.prompt_tokens_per_second),
    ("avg_generation_throughput_toks_per_s", "Tokens generated per second.",
     lambda model: model.completion_tokens_per_second),
)  # fmt: skip
"""Gauges of a model: name, description and value."""

_INFERENCE_TOTALS: tuple[tuple[str, str, Callable[[InferenceStatus], int]], ...] = (
    ("prompt_tokens", "Prompt tokens prefilled.", lambda model: model.prompt_tokens),
    ("generation_tokens", "Tokens generated.", lambda model: model.completion_tokens),
    ("prefix_cache_queries", "Prompt tokens looked up in the KV cache.", lambda model: model.prefix_queries),
    ("prefix_cache_hits", "Prompt tokens found in the KV cache.", lambda model: model.prefix_hits),
    ("num_preemptions", "Preemptions of answers.", lambda model: model.preemptions),
)
"""Counters of a model since it was loaded."""


def _inference(sample: SystemSample) -> Iterator[Metric]:
    for name, text, count in _INFERENCE_TOTALS:
        yield counter(name, text, ["model_name"], [((model.model_id,), count(model)) for model in sample.inference])
    for name, text, read in _INFERENCE:
        yield gauges(name, text, ["model_name"], [((model.model_id,), read(model)) for model in sample.inference])


def _contents(sample: SystemSample) -> Iterator[Metric]:
    ingestion, storage = sample.ingestion, sample.storage
    yield gauge("ingestion_queued", "Documents that wait for ingestion.", ingestion.queued)
    yield gauge("ingestion_running", "Documents that are being ingested.", ingestion.running)
    yield gauge("ingestion_chunks_per_second", "Chunks embedded per second.", ingestion.chunks_per_second)
    yield gauge("documents", "Stored documents.", storage.documents)
    yield gauge("chunks", "Chunks of all documents.", storage.chunks)
    yield gauge("vectors", "Chunks in the vector index.", storage.vectors)
    yield gauge("sessions", "Stored sessions.", storage.sessions)
    yield gauge("messages", "Messages of all sessions.", storage.messages)
    yield gauges(
        "storage_bytes", "Disk space used.", ["part"],
        [
            (("database",), storage.database_bytes),
            (("vectors",), storage.vector_store_bytes),
            (("originals",), storage.originals_bytes),
        ],
    )  # fmt: skip
