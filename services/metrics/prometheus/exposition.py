"""A sample in Prometheus' text format. Inference speaks vLLM's vocabulary, so that its dashboards need little change."""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from records.system import InferenceStatus, SystemSample
from services.metrics.prometheus.counters import ServerCounters, counted_families
from services.metrics.prometheus.families import counter
from services.metrics.prometheus.families import gauge as _gauge
from services.metrics.prometheus.families import gauges as _gauges

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Exposition:
    """One server's metrics, in a registry of its own."""

    def __init__(self, counted: ServerCounters) -> None:
        self._counted = counted

    def render(self, sample: SystemSample) -> bytes:
        """To be served as `CONTENT_TYPE`."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(sample, self._counted))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, sample: SystemSample, counted: ServerCounters) -> None:
        self._sample = sample
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        yield from _machine(self._sample)
        yield from _gpus(self._sample)
        yield from _processes(self._sample)
        yield from _inference(self._sample)
        yield from _contents(self._sample)
        yield from counted_families(self._counted)


def _machine(sample: SystemSample) -> Iterator[Metric]:
    build = GaugeMetricFamily("graphlore_build_info", "The server's version; always 1.", labels=["version"])
    build.add_metric([sample.host.version], 1)
    yield build
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
    """By purpose, several of one together: a process' number is new at every start, and would be a new series."""
    own = sample.process
    cores: dict[str, float] = {"SERVER": own.cpu_percent / 100}
    resident = Counter({"SERVER": own.resident_bytes})
    for child in own.children:
        cores[child.purpose.value] = cores.get(child.purpose.value, 0.0) + child.cpu_percent / 100
        resident[child.purpose.value] += child.resident_bytes
    yield _gauges(
        "process_cpu_cores", "Cores that the server's processes keep busy.", ["purpose"],
        [((purpose,), value) for purpose, value in cores.items()],
    )  # fmt: skip
    yield _gauges(
        "process_resident_bytes", "Memory that the server's processes hold.", ["purpose"],
        [((purpose,), value) for purpose, value in resident.items()],
    )  # fmt: skip
    yield _gauge("process_open_files", "Files and sockets that the server holds open.", own.open_files)


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


_INFERENCE_TOTALS: tuple[tuple[str, str, Callable[[InferenceStatus], int]], ...] = (
    ("prompt_tokens", "Prompt tokens that were read.", lambda model: model.prompt_tokens),
    ("generation_tokens", "Tokens that were written.", lambda model: model.completion_tokens),
    ("prefix_cache_queries", "Prompt tokens that were looked for in the KV cache.", lambda model: model.prefix_queries),
    ("prefix_cache_hits", "Prompt tokens that were found in the KV cache.", lambda model: model.prefix_hits),
    ("num_preemptions", "Answers that had to give way for a while.", lambda model: model.preemptions),
)


def _inference(sample: SystemSample) -> Iterator[Metric]:
    for name, text, count in _INFERENCE_TOTALS:
        yield counter(name, text, ["model_name"], [((model.model_id,), count(model)) for model in sample.inference])
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
