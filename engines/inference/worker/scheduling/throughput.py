"""Throughput of prefill and decoding: tokens per second over the last seconds, and totals."""

import time
from collections import deque
from threading import Lock

WINDOW_SECONDS = 5.0


class TokenRate:
    """Counts tokens. Written by the engine's thread, read from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: deque[tuple[float, int]] = deque()
        self.total = 0

    def count(self, tokens: int) -> None:
        now = time.monotonic()
        with self._lock:
            self.total += tokens
            self._counts.append((now, tokens))
            while self._counts[0][0] < now - WINDOW_SECONDS:
                self._counts.popleft()

    def per_second(self) -> float:
        """Return the mean over the last WINDOW_SECONDS."""
        with self._lock:
            since = time.monotonic() - WINDOW_SECONDS
            return sum(tokens for at, tokens in self._counts if at >= since) / WINDOW_SECONDS


class Throughput:
    """Token rates of prefill and decoding."""

    def __init__(self) -> None:
        self.prompt = TokenRate()
        self.completion = TokenRate()
