"""Metrics of the machine and the server: samples for subscribers, and everything for Prometheus.

One sampler serves all subscribers. A sensor that cannot be read is listed in the sample's `unavailable` with the reason; it
is never an error. `machine/` reads the hardware and the processes, `prometheus/` renders the text format.
"""

from services.metrics.latency import Histogram, Latency
from services.metrics.loop_lag import LoopLag, open_loop_lag
from services.metrics.machine.machine import Machine
from services.metrics.prometheus.counters import ServerCounters
from services.metrics.prometheus.exposition import Exposition
from services.metrics.request_counters import RequestCounters
from services.metrics.sampler import Metrics, Sources, open_metrics

__all__ = [
    "Exposition",
    "Histogram",
    "Latency",
    "LoopLag",
    "Machine",
    "Metrics",
    "RequestCounters",
    "ServerCounters",
    "Sources",
    "open_loop_lag",
    "open_metrics",
]
