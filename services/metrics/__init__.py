"""What the machine and the server are at: one sampler for every watcher, the event loop's lag, and both for Prometheus.

A sensor that is not there is named in `unavailable`, with a plain reason; it is never an error.
"""

from services.metrics.loop_lag import LoopLag, open_loop_lag
from services.metrics.machine.machine import Machine
from services.metrics.prometheus.counters import ServerCounters
from services.metrics.prometheus.exposition import Exposition
from services.metrics.requests import RequestCounters
from services.metrics.sampler import Metrics, Sources, open_metrics

__all__ = [
    "Exposition",
    "LoopLag",
    "Machine",
    "Metrics",
    "RequestCounters",
    "ServerCounters",
    "Sources",
    "open_loop_lag",
    "open_metrics",
]
