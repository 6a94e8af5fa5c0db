"""How fast prompts are read and answers written, over the last few seconds, and how much in all."""

import time
from collections import deque
from threading import Lock

WINDOW_SECONDS = 5.0


class Rate:
    """Tokens. Counted by the engine's thread, read from others."""

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
        with self._lock:
            since = time.monotonic() - WINDOW_SECONDS
            return sum(tokens for at, tokens in self._counts if at >= since) / WINDOW_SECONDS


class Throughput:
    def __init__(self) -> None:
        self.prompt = Rate()
        self.completion = Rate()
