"""Metric families of the server's counters: values that accumulate while the server runs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from records.document import DocumentStatus
from records.indexing import IndexingState, IndexingStatus
from records.retrieval import Leg, LegState
from records.session import MessageStatus
from records.system import WorkerStatus
from services.metrics.latency import Histogram, Latency
from services.metrics.loop_lag import LoopLag
from services.metrics.prometheus.families import counter, gauge, gauges, histogram, histograms
from services.metrics.request_counters import RequestCounters


@dataclass(frozen=True, slots=True)
class ServerCounters:
    """References to the counters of all components, which keep changing them."""

    loop_lag: LoopLag
    requests: RequestCounters = field(default_factory=RequestCounters)
    retrievals: Histogram = field(default_factory=Histogram)
    "Durations of retrievals in seconds."
    legs: Mapping[tuple[Leg, LegState], int] = field(default_factory=Counter)
    documents: Mapping[DocumentStatus, int] = field(default_factory=Counter)
    "Finished ingestions by final status."
    answers: Mapping[MessageStatus, int] = field(default_factory=Counter)
    "Finished answers by final status."
    workers: Callable[[], Sequence[WorkerStatus]] = tuple
    latency: Latency = field(default_factory=Latency)
    indexing: Callable[[], IndexingStatus | None] = lambda: None


def counter_families(counters: ServerCounters) -> Iterator[Metric]:
    yield from _requests(counters.requests)
    yield histogram("retrieval_duration_seconds", "Duration of retrievals.", counters.retrievals)
    legs = [((leg.value, state.value), count) for (leg, state), count in counters.legs.items()]
    yield counter("retrieval_legs", "Legs of retrievals by final state.", ["leg", "outcome"], legs)
    yield counter("documents_ingested", "Finished ingestions.", ["outcome"], _by_status(counters.documents))
    yield counter("answers", "Finished answers.", ["outcome"], _by_status(counters.answers))
    yield from _latency(counters.latency)
    yield from _workers(counters.workers())
    yield from _indexing(counters.indexing())
    yield from _loop_lag(counters.loop_lag)


def _by_status(
    counts: Mapping[DocumentStatus, int] | Mapping[MessageStatus, int],
) -> list[tuple[tuple[str, ...], float]]:
    return [((status.value.lower(),), count) for status, count in counts.items()]


def _requests(requests: RequestCounters) -> Iterator[Metric]:
    yield counter(
        "graphql_operations", "Finished GraphQL operations.", ["kind", "outcome", "transport"], requests.ends.items()
    )
    yield histograms(
        "graphql_operation_duration_seconds", "Duration of GraphQL operations.", "kind", requests.seconds
    )  # fmt: skip
    running = [((kind,), count) for kind, count in requests.running.items()]
    yield gauges("graphql_operations_running", "Running GraphQL operations.", ["kind"], running)
    yield gauge("websocket_connections", "Open WebSockets.", requests.sockets)
    yield counter(
        "websocket_connections_opened", "WebSockets opened since the start.", [], [((), requests.sockets_opened)]
    )


def _latency(latency: Latency) -> Iterator[Metric]:
    """Yield families with the names of vLLM."""
    yield histogram("request_queue_time_seconds", "Time that answers waited for the model.", latency.queue)
    yield histogram(
        "time_to_first_token_seconds", "Time from an answer's arrival at the model to its first token.",
        latency.first_token,
    )  # fmt: skip
    yield histogram(
        "inter_token_latency_seconds", "Time from one token to the next, the mean of each answer.",
        latency.between_tokens,
    )  # fmt: skip


def _workers(workers: Sequence[WorkerStatus]) -> Iterator[Metric]:
    """Yield workers by purpose, including workers without a running process."""
    restarts: Counter[str] = Counter()
    states: Counter[tuple[str, str]] = Counter()
    for worker in workers:
        restarts[worker.purpose.value] += worker.restarts
        states[worker.purpose.value, worker.state.value] += 1
    yield counter(
        "worker_restarts", "Restarts of worker processes.", ["purpose"],
        [((purpose,), count) for purpose, count in restarts.items()],
    )  # fmt: skip
    yield gauges("workers", "Worker processes by state.", ["purpose", "state"], states.items())


def _indexing(status: IndexingStatus | None) -> Iterator[Metric]:
    """Yield families that are empty without a deep embedder."""
    statuses = [] if status is None or status.deep_embedder is None else [status]
    yield gauges(
        "indexing_state", "1 for the current state of background indexing, 0 for the others.", ["state"],
        [((state.value,), float(state is each.state)) for each in statuses for state in IndexingState],
    )  # fmt: skip
    yield gauges(
        "indexing_documents", "READY documents by progress of the deep embedder.", ["progress"],
        [pair for each in statuses for pair in _progress(each.done_documents, each.pending_documents)],
    )  # fmt: skip
    yield gauges(
        "indexing_chunks", "Chunks of READY documents by progress of the deep embedder.", ["progress"],
        [pair for each in statuses for pair in _progress(each.done_chunks, each.pending_chunks)],
    )  # fmt: skip
    yield counter(
        "indexing_embedded_chunks", "Chunks embedded by the deep embedder since the start of the server.", [],
        [((), each.embedded_chunks) for each in statuses],
    )  # fmt: skip


def _progress(done: int, pending: int) -> list[tuple[tuple[str, ...], float]]:
    return [(("done",), done), (("pending",), pending)]


def _loop_lag(lag: LoopLag) -> Iterator[Metric]:
    yield histogram("event_loop_lag_seconds", "Lag of the event loop.", lag.histogram)
    yield gauge("event_loop_lag_max_seconds", "Longest lag of the event loop since the start.", lag.longest)
    quantiles = lag.quantiles()
    yield gauges(
        "event_loop_lag_recent_seconds", "Quantiles of the lag of the event loop in the last minute.", ["share"],
        [(("0.5",), quantiles.p50), (("0.99",), quantiles.p99), (("1",), quantiles.max)],
    )  # fmt: skip
