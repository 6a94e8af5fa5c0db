"""Durations, counted in buckets from which Prometheus calculates quantiles."""

from bisect import bisect_left
from collections.abc import Sequence

from engines.inference.protocol import Finished

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the buckets for the durations of requests, in seconds."""
TOKEN_SECONDS = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets for the time from one token to the next, in seconds."""


class Histogram:
    """Counts values by upper bounds. docs/decisions/0022 explains why it is not the class of prometheus_client."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.buckets = [0] * (len(bounds) + 1)
        "Numbers of values in each bucket: up to its bound and above the previous bound. The last bucket has no upper bound."
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Latency:
    """Latencies of answers, in seconds."""

    def __init__(self) -> None:
        self.queue = Histogram()
        "Seconds from the arrival of the request at the model's process to the first step of its generation."
        self.first_token = Histogram()
        "Seconds from the arrival of the request at the model's process to the first token."
        self.between_tokens = Histogram(TOKEN_SECONDS)
        "Mean number of seconds from one token to the next in each answer."

    def observe(self, finished: Finished) -> None:
        """Record the latencies of a finished generation."""
        self.queue.observe(finished.queued_ms / 1000)
        if finished.time_to_first_token_ms is not None:
            self.first_token.observe(finished.time_to_first_token_ms / 1000)
        if finished.tokens_per_second:
            self.between_tokens.observe(1 / finished.tokens_per_second)
