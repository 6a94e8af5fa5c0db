"""The completion of one answer: its tokens are counted, and its text is sent in small bundles."""

import time
from dataclasses import dataclass, field

from engines.inference.protocol import CompletionDelta, Finished
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.streaming.reasoning_splitter import Piece
from records.session import FinishReason

BUNDLE_SECONDS = 0.04
UNBUNDLED_TOKENS = 4
"""The first tokens are sent one by one; later ones are bundled for BUNDLE_SECONDS."""


@dataclass(slots=True)
class Completion:
    """Tokens and text that were generated for a job."""

    job: Job
    token_count: int = 0
    reasoning_tokens: int = 0
    tokens: list[int] = field(default_factory=list)
    _first_token_at: float = 0.0
    _first_text_at: float | None = None
    _content: list[str] = field(default_factory=list)
    _text: str = ""
    _reasoning: str = ""
    _unsent_tokens: int = 0
    _sent_at: float = 0.0

    def add(self, token: int, piece: Piece, *, is_reasoning: bool) -> None:
        """Add a token with its text, and send the collected text unless more of it is to be bundled.

        Raises `CallCanceled` if the call was canceled.
        """
        now = time.monotonic()
        if not self.token_count:
            self._first_token_at = now
        self.token_count += 1
        self.reasoning_tokens += is_reasoning
        self.tokens.append(token)
        self._unsent_tokens += 1
        self._bundle(piece, now)
        is_due = now - self._sent_at >= BUNDLE_SECONDS or self.token_count <= UNBUNDLED_TOKENS
        if is_due and self.job.call.has_credit:
            self._send(now)

    def _bundle(self, piece: Piece, now: float) -> None:
        self._text += piece.text
        self._reasoning += piece.reasoning
        if self._first_text_at is None and (piece.text or piece.reasoning):
            self._first_text_at = now

    def _send(self, now: float) -> None:
        if self._text or self._reasoning:
            self.job.call.event(CompletionDelta(self._text, self._reasoning, self._unsent_tokens))
            self._content.append(self._text)
            self._text, self._reasoning, self._unsent_tokens = "", "", 0
            self._sent_at = now

    @property
    def content(self) -> str:
        """The text that was sent, without reasoning."""
        return "".join(self._content)

    def finish(self, piece: Piece, reason: FinishReason, reused_tokens: int) -> Finished:
        """Send the remaining text and return the summary. Never waits for a slow client, since no event follows."""
        now = time.monotonic()
        self._bundle(piece, now)
        self.job.call.allow_last_events()
        self._send(now)
        job, seconds = self.job, now - self._first_token_at
        is_measured = self.token_count > 1 and seconds > 0
        return Finished(
            finish_reason=reason,
            prompt_tokens=len(job.prompt.tokens),
            cached_tokens=reused_tokens,
            completion_tokens=self.token_count,
            reasoning_tokens=self.reasoning_tokens,
            queued_ms=1000 * ((job.started or job.arrived) - job.arrived),
            time_to_first_token_ms=1000 * (self._first_text_at - job.arrived) if self._first_text_at else None,
            tokens_per_second=(self.token_count - 1) / seconds if is_measured else None,
            prompt=job.prompt.text,
            stop_string=job.text.stop_string,
        )
