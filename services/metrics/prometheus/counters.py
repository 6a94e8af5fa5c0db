"""What is counted while the server runs, rather than read in the moment: for Prometheus, which wants counts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from records.document import DocumentStatus
from records.indexing import IndexingState, IndexingStatus
from records.session import MessageStatus
from records.system import WorkerStatus
from services.metrics.histogram import Histogram
from services.metrics.latency import Latency
from services.metrics.loop_lag import LoopLag
from services.metrics.prometheus.families import counter, gauge, gauges, histogram
from services.metrics.requests import RequestCounters


@dataclass(frozen=True, slots=True)
class ServerCounters:
    """Whose counts; all belong to their owners and go on while this is held."""

    loop_lag: LoopLag
    traffic: RequestCounters = field(default_factory=RequestCounters)
    retrievals: Histogram = field(default_factory=Histogram)
    legs: Mapping[tuple[str, str], int] = field(default_factory=Counter)
    "By the leg's name and how it ended."
    documents: Mapping[DocumentStatus, int] = field(default_factory=Counter)
    answers: Mapping[MessageStatus, int] = field(default_factory=Counter)
    workers: Callable[[], Sequence[WorkerStatus]] = tuple
    waits: Latency = field(default_factory=Latency)
    indexing: Callable[[], IndexingStatus | None] = lambda: None


def counted_families(counted: ServerCounters) -> Iterator[Metric]:
    yield from _traffic(counted.traffic)
    yield histogram("retrieval_duration_seconds", "How long retrievals took.", None, {"": counted.retrievals})
    yield counter("retrieval_legs", "How the legs of retrievals ended.", ["leg", "outcome"], counted.legs.items())
    yield counter("documents_ingested", "How ingestions ended.", ["outcome"], _by_end(counted.documents))
    yield counter("answers", "How answers ended.", ["outcome"], _by_end(counted.answers))
    yield from _waits(counted.waits)
    yield from _workers(counted.workers())
    yield from _indexing(counted.indexing())
    yield from _loop_lag(counted.loop_lag)


def _by_end(counts: Mapping[DocumentStatus, int] | Mapping[MessageStatus, int]) -> list[tuple[tuple[str, ...], float]]:
    return [((end.value.lower(),), count) for end, count in counts.items()]


def _traffic(traffic: RequestCounters) -> Iterator[Metric]:
    yield counter(
        "graphql_operations", "GraphQL operations that have ended.", ["kind", "outcome", "transport"],
        traffic.ends.items(),
    )  # fmt: skip
    yield histogram("graphql_operation_duration_seconds", "How long GraphQL operations took.", "kind", traffic.seconds)
    yield gauges(
        "graphql_operations_running", "GraphQL operations that go on.", ["kind"],
        [((kind,), count) for kind, count in traffic.running.items()],
    )  # fmt: skip
    yield gauge("websocket_connections", "WebSockets that are open.", traffic.sockets)
    yield counter("websocket_connections_opened", "WebSockets that were opened.", [], [((), traffic.sockets_opened)])


def _waits(waits: Latency) -> Iterator[Metric]:
    """Names as vLLM's."""
    yield histogram("request_queue_time_seconds", "How long answers waited for the model.", None, {"": waits.queue})
    yield histogram(
        "time_to_first_token_seconds", "From an answer's arrival at the model to its first text.", None,
        {"": waits.first_token},
    )  # fmt: skip
    yield histogram(
        "inter_token_latency_seconds", "From token to token, the mean of each answer.", None,
        {"": waits.between_tokens},
    )  # fmt: skip


def _workers(workers: Sequence[WorkerStatus]) -> Iterator[Metric]:
    """By purpose: of each worker that is there, whether its process is or not."""
    restarts: Counter[str] = Counter()
    states: Counter[tuple[str, str]] = Counter()
    for worker in workers:
        restarts[worker.purpose.value] += worker.restarts
        states[worker.purpose.value, worker.state.value] += 1
    yield counter(
        "worker_restarts", "How often a process was started again.", ["purpose"],
        [((purpose,), count) for purpose, count in restarts.items()],
    )  # fmt: skip
    yield gauges("workers", "Worker processes by what they are at.", ["purpose", "state"], states.items())


def _indexing(status: IndexingStatus | None) -> Iterator[Metric]:
    """Families without a sample where no deep embedder is set, as those of GPUs where there is none."""
    all_of_it = [] if status is None or status.deep_embedder is None else [status]
    yield gauges(
        "indexing_state", "1 for what background indexing is at, 0 for what it is not.", ["state"],
        [((state.value,), float(state is each.state)) for each in all_of_it for state in IndexingState],
    )  # fmt: skip
    yield gauges(
        "indexing_documents", "READY documents that the deep embedder has done, or not yet.", ["progress"],
        [pair for each in all_of_it for pair in _progress(each.done_documents, each.pending_documents)],
    )  # fmt: skip
    yield gauges(
        "indexing_chunks", "Chunks that the deep embedder has done, or not yet.", ["progress"],
        [pair for each in all_of_it for pair in _progress(each.done_chunks, each.pending_chunks)],
    )  # fmt: skip
    yield counter(
        "indexing_embedded_chunks", "Chunks that the deep embedder has embedded since the server began.", [],
        [((), each.embedded_chunks) for each in all_of_it],
    )  # fmt: skip


def _progress(done: int, pending: int) -> list[tuple[tuple[str, ...], float]]:
    return [(("done",), done), (("pending",), pending)]


def _loop_lag(lag: LoopLag) -> Iterator[Metric]:
    yield histogram("event_loop_lag_seconds", "By how much the event loop was late.", None, {"": lag.histogram})
    yield gauge("event_loop_lag_max_seconds", "The most that it was ever late.", lag.longest)
    quantiles = lag.quantiles()
    yield gauges(
        "event_loop_lag_recent_seconds", "By how much it was late in the last minute.", ["share"],
        [(("0.5",), quantiles.p50), (("0.99",), quantiles.p99), (("1",), quantiles.max)],
    )  # fmt: skip
