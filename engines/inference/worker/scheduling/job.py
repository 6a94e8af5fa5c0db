"""An answer on its way through the engine, and what has been written of it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition

from engines.inference.protocol import Finished, Generate, Priority, PromptProgress, Written
from engines.inference.worker.text.prompt import Prompt
from engines.inference.worker.text.text_stream import Piece
from records.session import FinishReason, SamplingSettings
from workers.child import Call

GATHER_SECONDS = 0.04
UNGATHERED_TOKENS = 4
"""The first tokens are shown one by one; later ones are gathered for GATHER_SECONDS."""


@dataclass(slots=True, eq=False)
class Job:
    call: Call
    request: Generate
    prompt: Prompt
    sampling: SamplingSettings
    max_tokens: int
    stops: tuple[str, ...]
    grammar: str | None = None
    arrived: float = field(default_factory=time.monotonic)
    started: float | None = None

    def tell_progress(self, position: int, read: int) -> None:
        """Never waits: progress that nobody reads is left out. Raises `CallCanceled`."""
        if self.call.has_credit:
            self.call.event(PromptProgress(position, len(self.prompt.tokens), read))


@dataclass(slots=True)
class Completion:
    """What the model wrote: gathered, sent, counted."""

    job: Job
    began: float = 0.0
    first_at: float | None = None
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    content: list[str] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    _text: str = ""
    _reasoning: str = ""
    _tokens: int = 0
    _sent_at: float = 0.0

    def write(self, token: int, piece: Piece, *, reasoning: bool) -> None:
        """Take one token's piece; send what is gathered where it is time to. Raises `CallCanceled`."""
        now = time.monotonic()
        if not self.completion_tokens:
            self.began = now
        self.completion_tokens += 1
        self.reasoning_tokens += reasoning
        self.tokens.append(token)
        self._tokens += 1
        self._gather(piece, now)
        is_time = now - self._sent_at >= GATHER_SECONDS or self.completion_tokens <= UNGATHERED_TOKENS
        if is_time and self.job.call.has_credit:
            self._send(now)

    def _gather(self, piece: Piece, now: float) -> None:
        self._text += piece.text
        self._reasoning += piece.reasoning
        if self.first_at is None and (piece.text or piece.reasoning):
            self.first_at = now

    def _send(self, now: float) -> None:
        if self._text or self._reasoning:
            self.job.call.event(Written(self._text, self._reasoning, self._tokens))
            self.content.append(self._text)
            self._text, self._reasoning, self._tokens = "", "", 0
            self._sent_at = now

    def finish(self, piece: Piece, reason: FinishReason, cached: int) -> Finished:
        """Send the rest and sum up. Never waits, though nobody may be reading: this is the last event."""
        now = time.monotonic()
        self._gather(piece, now)
        self.job.call.allow_last_events()
        self._send(now)
        job, seconds = self.job, now - self.began
        return Finished(
            finish_reason=reason,
            prompt_tokens=len(job.prompt.tokens),
            cached_tokens=cached,
            completion_tokens=self.completion_tokens,
            reasoning_tokens=self.reasoning_tokens,
            queued_ms=1000 * ((job.started or job.arrived) - job.arrived),
            time_to_first_token_ms=1000 * (self.first_at - job.arrived) if self.first_at else None,
            tokens_per_second=(self.completion_tokens - 1) / seconds
            if self.completion_tokens > 1 and seconds > 0
            else None,
            prompt=job.prompt.text,
        )


class QueueFull(Exception):
    """As many answers wait as may."""


Command = Callable[[], None]


class JobQueue:
    """What waits for the engine thread: commands before answers, chat before background, else in order of arrival."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = Condition()
        self._commands: deque[Command] = deque()
        self._jobs: list[Job] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Raises `QueueFull`."""
        with self._changed:
            if len(self._jobs) >= self._limit:
                raise QueueFull
            behind = len(self._jobs)
            if job.request.priority is Priority.CHAT:
                chats = [at for at, other in enumerate(self._jobs) if other.request.priority is Priority.CHAT]
                behind = chats[-1] + 1 if chats else 0
            self._jobs.insert(behind, job)
            self._changed.notify()

    def put_command(self, command: Command) -> None:
        with self._changed:
            self._commands.append(command)
            self._changed.notify()

    def remove(self, job: Job) -> bool:
        """Whether it was still waiting."""
        with self._changed:
            if job not in self._jobs:
                return False
            self._jobs.remove(job)
            return True

    def wait(self) -> None:
        """Until there is something to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._commands or self._jobs)

    def commands(self) -> list[Command]:
        """Take them all."""
        with self._changed:
            taken = list(self._commands)
            self._commands.clear()
            return taken

    def waiting(self) -> list[Job]:
        with self._changed:
            return list(self._jobs)
