"""What the transport counts: operations by kind and end, and open sockets.

Labels are words of this server's own. Names of operations are the clients', who can make up any number of them.
"""

from collections import Counter, defaultdict

from services.metrics.histogram import Histogram

UNKNOWN, REFUSED = "unknown", "refused"


class RequestCounters:
    def __init__(self) -> None:
        self.ends: Counter[tuple[str, str, str]] = Counter()
        "By kind, outcome and transport."
        self.seconds: defaultdict[str, Histogram] = defaultdict(Histogram)
        "By kind."
        self.running: Counter[str] = Counter()
        "By kind."
        self.sockets = 0
        self.sockets_opened = 0

    def began(self, kind: str) -> None:
        self.running[kind] += 1

    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        self.running[kind] -= 1
        self.ends[kind, outcome, transport] += 1
        self.seconds[kind].note(seconds)

    def refused(self, transport: str) -> None:
        self.ends[UNKNOWN, REFUSED, transport] += 1

    def connected(self) -> None:
        self.sockets += 1
        self.sockets_opened += 1

    def disconnected(self) -> None:
        self.sockets -= 1
