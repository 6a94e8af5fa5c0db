"""How long people wait for answers: in the queue, for the first token, from token to token."""

from engines.inference.protocol import Finished
from services.metrics.histogram import Histogram

TOKEN_SECONDS = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.5)


class Latency:
    """In seconds."""

    def __init__(self) -> None:
        self.queue = Histogram()
        self.first_token = Histogram()
        "From the request's arrival at the model."
        self.between_tokens = Histogram(TOKEN_SECONDS)
        "The mean of each answer."

    def observe(self, finished: Finished) -> None:
        self.queue.note(finished.queued_ms / 1000)
        if finished.time_to_first_token_ms is not None:
            self.first_token.note(finished.time_to_first_token_ms / 1000)
        if finished.tokens_per_second:
            self.between_tokens.note(1 / finished.tokens_per_second)
