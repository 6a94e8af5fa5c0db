"""Counters of the transport: operations by kind and outcome, and open WebSockets.

Labels are a fixed set of words. Operation names are not used as labels: clients choose them, so their number has no limit.
"""

from collections import Counter, defaultdict

from services.metrics.latency import Histogram

UNKNOWN, REFUSED = "unknown", "refused"
"""Labels of a request that was refused before its operation was known: the kind and the outcome."""


class RequestCounters:
    """Counts operations, their durations and WebSockets. The transport calls the methods."""

    def __init__(self) -> None:
        self.ends: Counter[tuple[str, str, str]] = Counter()
        "Finished operations by kind (`query`, `mutation`, `subscription`), outcome and transport."
        self.seconds: defaultdict[str, Histogram] = defaultdict(Histogram)
        "Durations of operations by kind."
        self.running: Counter[str] = Counter()
        "Running operations by kind."
        self.sockets = 0
        "Open WebSockets."
        self.sockets_opened = 0
        "WebSockets opened since the server started."

    def began(self, kind: str) -> None:
        """Count an operation as running."""
        self.running[kind] += 1

    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        """Count a running operation as finished."""
        self.running[kind] -= 1
        self.ends[kind, outcome, transport] += 1
        self.seconds[kind].observe(seconds)

    def refused(self, transport: str) -> None:
        """Count a request that was refused before its operation was known."""
        self.ends[UNKNOWN, REFUSED, transport] += 1

    def connected(self) -> None:
        self.sockets += 1
        self.sockets_opened += 1

    def disconnected(self) -> None:
        self.sockets -= 1
