"""Generates the answers that have been started, stores their progress, and ends each exactly once."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import anyio
import structlog

from concurrency import OwnedTasks, run_unit
from records.access import AccessScope
from records.answer import Started
from records.codes import ErrorCode
from records.errors import ExpectedError
from records.ids import MessageId, SessionId
from records.session import MessageRecord, MessageStatus
from services.answers.answer_plan import AnswerPlan
from services.answers.event_log import EventLog
from services.answers.event_streams import EventStreams
from services.answers.outcome_store import OutcomeStore
from services.answers.running_answer import AnswerResult, Outcome, RunningAnswer
from services.attempt import attempt
from services.interfaces.message_store import MessageStore

CHECKPOINT_SECONDS = 0.1
"""Time between two checkpoints of the running answers: a killed server loses at most this much of their text."""
MAX_PAUSE_SECONDS = 5.0
"""Longest time between two attempts while the database rejects what is to be stored."""

log = structlog.get_logger("graphlore.answers")


class AnswerGenerator(Protocol):
    """The generation of one answer, from retrieval to its last token."""

    async def answer(self, answer: RunningAnswer) -> AnswerResult:
        """Generate the answer into its log. Raises an `ExpectedError` for every expected failure."""
        ...


async def _ignore(scope: AccessScope, session_id: SessionId) -> None:
    return None


@dataclass(frozen=True, slots=True)
class AnswerListeners:
    """Functions that are called as answers start and end."""

    started: Callable[[], None] = lambda: None
    "Called before the first step of an answer; must not block."
    session_changed: Callable[[AccessScope, SessionId], Awaitable[None]] = _ignore
    "Called when a session has a new exchange, and when one of its answers has ended or was deleted."


class AnswerRunner:
    """Owns the running answers, with one task for each."""

    def __init__(
        self,
        generator: AnswerGenerator,
        messages: MessageStore,
        outcomes: OutcomeStore,
        streams: EventStreams,
        listeners: AnswerListeners,
        tasks: OwnedTasks,
    ) -> None:
        self._generator = generator
        self._messages = messages
        self._outcomes = outcomes
        self._streams = streams
        self._listeners = listeners
        self._tasks = tasks
        self._running: dict[MessageId, RunningAnswer] = {}
        self.ends: Counter[MessageStatus] = Counter()
        "Numbers of answers that ended since the server started, by terminal status."

    @property
    def running(self) -> int:
        """The number of answers that are being generated or wait for the model."""
        return len(self._running)

    def running_of(self, scope: AccessScope) -> int:
        """Return the number of unfinished answers of the scope's user."""
        return sum(answer.access.user_id == scope.user_id for answer in self._running.values())

    def find(self, scope: AccessScope, message_id: MessageId) -> RunningAnswer | None:
        """Return the running answer of a message of the scope, or None if there is none."""
        answer = self._running.get(message_id)
        return answer if answer is not None and scope.includes(answer.access.user_id) else None

    def start(self, access: AccessScope, prompt: MessageRecord, message: MessageRecord, plan: AnswerPlan) -> None:
        """Start to generate a stored answer in the background, with the scope of the user who sent the prompt."""
        answer = RunningAnswer(
            access, message, prompt, plan.settings, plan.searched, EventLog(message.id), hides_prompt=plan.hides_prompt
        )
        answer.publish(lambda seq: Started(seq, message.id, message))
        self._listeners.started()
        self._tasks.start(lambda: self._run(answer), "answer")
        self._running[message.id] = answer

    async def _run(self, answer: RunningAnswer) -> None:
        """Generate one answer and end it. If the server stops before the end, store the text that was generated."""
        access, session_id = answer.access, answer.message.session_id
        try:
            await self.notify(access, session_id)
            outcome = await self._generate(answer)
            with anyio.CancelScope(shield=True):
                await self._end(answer, outcome)
        finally:
            del self._running[answer.id]
            answer.stopped.set()
            if not answer.log.ended:
                with anyio.CancelScope(shield=True):
                    await attempt(partial(answer.checkpoint, self._messages), "last checkpoint of an answer")
        await self.notify(access, session_id)

    async def _generate(self, answer: RunningAnswer) -> Outcome:
        outcome = Outcome(MessageStatus.CANCELED)

        async def generate() -> None:
            nonlocal outcome
            try:
                outcome = Outcome(MessageStatus.COMPLETED, None, await self._generator.answer(answer))
            except ExpectedError as failure:
                outcome = Outcome.failed(failure.code, failure.message)

        async def report(message: str) -> None:
            nonlocal outcome
            outcome = Outcome.failed(ErrorCode.INTERNAL, message)

        with answer.scope:
            await run_unit(generate, "answer", report)
        return outcome

    async def _end(self, answer: RunningAnswer, outcome: Outcome) -> None:
        if outcome.error is not None:
            log.warning("answer failed", message=answer.id, code=outcome.error.code.value)
        message = await self._outcomes.store(answer.access, answer.ended_with(outcome), answer.used)
        answer.end(message)
        self._streams.keep(answer.access.user_id, answer.log)
        self.ends[message.status] += 1

    async def notify(self, scope: AccessScope, session_id: SessionId) -> None:
        """Call the listener for a changed session. A failure of the listener is logged."""
        await attempt(partial(self._listeners.session_changed, scope, session_id), "notification of a changed session")

    async def store_progress(self) -> None:
        """Store a checkpoint of every running answer at intervals, until canceled.

        Also store the ended answers that the database rejected before. The interval grows while the database rejects more.
        """
        pause = CHECKPOINT_SECONDS
        while True:
            await anyio.sleep(pause)
            is_stored = await self._outcomes.retry()
            for answer in list(self._running.values()):
                is_stored &= await attempt(partial(answer.checkpoint, self._messages), "checkpoint of an answer")
            pause = CHECKPOINT_SECONDS if is_stored else min(2 * pause, MAX_PAUSE_SECONDS)
