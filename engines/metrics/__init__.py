"""What the machine and the server are at: one sampler for every watcher, the event loop's lag, and both for Prometheus.

A sensor that is not there is named in `unavailable`, with a plain reason; it is never an error.
"""

from engines.metrics.counted import Counted
from engines.metrics.loop_lag import LoopLag, open_loop_lag
from engines.metrics.machine import Machine
from engines.metrics.prometheus import Exposition
from engines.metrics.sampler import Metrics, Sources, open_metrics
from engines.metrics.traffic import Traffic

__all__ = [
    "Counted",
    "Exposition",
    "LoopLag",
    "Machine",
    "Metrics",
    "Sources",
    "Traffic",
    "open_loop_lag",
    "open_metrics",
]
