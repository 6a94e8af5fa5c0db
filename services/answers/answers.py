"""The owner of all answers at work: starts them, lets them be followed and canceled, and brings each to its one end."""

import asyncio
import uuid
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import structlog
from anyio.abc import TaskGroup

from records.answer import AnswerEvent, Started
from records.codes import ErrorCode
from records.errors import Busy, Conflict, ExpectedError, InvalidInput, NotFound
from records.ids import DocumentId, MessageId, SessionId
from records.session import (
    MessageError,
    MessageRecord,
    MessageRole,
    MessageStatus,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    ThinkingMode,
)
from services.answers.answerer import Answerer
from services.answers.cursors import HEAD, STORED, make_cursor, read_cursor
from services.answers.event_log import EventLog
from services.answers.request import AnswerPlan, ModelChoice, resolve_request
from services.answers.running_answer import RunningAnswer
from services.answers.stored_events import STORED_BASE, gap, replay
from services.background import guarded
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore

CHECKPOINT_SECONDS = 0.1
KEPT_LOGS = 64
"""Logs of finished answers that are kept for followers that reconnect."""

SessionChanged = Callable[[SessionId], Awaitable[None]]
"""Told whenever a session has a new message or an answer has ended."""

log = structlog.get_logger("graphlore.answers")


class Answers:
    def __init__(
        self,
        answerer: Answerer,
        sessions: SessionStore,
        messages: MessageStore,
        models: ModelChoice,
        defaults: SessionSettings,
        session_changed: SessionChanged,
        limit: int,
        began: Callable[[], None],
        tasks: TaskGroup,
    ) -> None:
        self._answerer = answerer
        self._sessions = sessions
        self._messages = messages
        self._models = models
        self._defaults = defaults
        self._session_changed = session_changed
        self._limit = limit
        self._began = began
        self._tasks = tasks
        self._epoch = uuid.uuid4().hex[:8]
        self._working: dict[MessageId, RunningAnswer] = {}
        self._ended: OrderedDict[MessageId, EventLog] = OrderedDict()
        self.ends: Counter[MessageStatus] = Counter()
        "How answers ended since the start."
        self._starting = asyncio.Lock()

    @property
    def running(self) -> int:
        """Answers that are being made or wait for their turn."""
        return len(self._working)

    async def effective_settings(self, session: SessionRecord) -> SessionSettings:
        """What the session's next answer will be made with."""
        return (await self._draft(session, None, None, None)).settings

    async def send_message(
        self,
        *,
        session_id: SessionId,
        content: str,
        thinking_mode: ThinkingMode | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        sampling: SamplingSettings | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[MessageRecord, MessageRecord]:
        """Store the prompt, start the answer, give both back at once.

        Raises `NotFound`, `InvalidInput`, `ModelNotReady`, `Busy` (all answers' places are taken) and `Conflict` (the
        session's last answer is not finished).
        """
        session = await self._sessions.get(session_id)
        await self._check_documents(document_ids or ())
        draft = await self._draft(session, thinking_mode, document_ids, sampling)
        model = draft.ready_model()
        async with self._starting:
            if len(self._working) >= self._limit:
                raise Busy(
                    f"{len(self._working)} answers are being made already.",
                    queue_depth=len(self._working),
                    retry_after_ms=2000,
                )
            prompt, answer, known = await self._messages.start_exchange(
                session_id,
                content,
                thinking_mode=draft.settings.thinking_mode or ThinkingMode.DIRECT,
                model_id=model.id,
                model_name=model.name,
                idempotency_key=idempotency_key,
            )
            if not known:
                self._start(prompt, answer, draft)
        await self._session_changed(session_id)
        return prompt, answer

    async def _check_documents(self, document_ids: Sequence[DocumentId]) -> None:
        known = await self._answerer.documents.find_many(document_ids)
        for document_id in document_ids:
            if document_id not in known:
                raise NotFound("document", document_id, field="document_ids")

    async def _draft(
        self,
        session: SessionRecord,
        thinking_mode: ThinkingMode | None,
        document_ids: Sequence[DocumentId] | None,
        sampling: SamplingSettings | None,
    ) -> AnswerPlan:
        own = replace(session.settings, thinking_mode=thinking_mode or session.settings.thinking_mode)
        attached = await self._sessions.document_ids(session.id)
        return resolve_request(own, self._defaults, self._models, attached, document_ids, sampling)

    def _start(self, prompt: MessageRecord, answer: MessageRecord, draft: AnswerPlan) -> None:
        work = RunningAnswer(answer, prompt, draft.settings, draft.document_ids, EventLog(answer.id))
        work.publish(lambda seq: Started(seq, answer.id, answer))
        self._working[answer.id] = work
        self._began()
        self._tasks.start_soon(self._run, work)

    async def _run(self, work: RunningAnswer) -> None:
        """Bring one answer to its end, whatever happens on the way."""
        try:
            with work.scope:
                await guarded(lambda: self._make(work), "answer", lambda message: self._surprised(work, message))
            if work.canceled and not work.message.status.terminal:
                await work.finish(self._messages, MessageStatus.CANCELED)
        finally:
            self._working.pop(work.message.id, None)
            if work.message.status.terminal:
                self._keep(work.log)
                self.ends[work.message.status] += 1
            else:
                with anyio.CancelScope(shield=True):
                    await work.checkpoint(self._messages)
        await self._session_changed(work.message.session_id)

    async def _make(self, work: RunningAnswer) -> None:
        try:
            await self._answerer.answer(work)
        except ExpectedError as failure:
            await self._fail(work, MessageError(failure.code, failure.message))

    async def _surprised(self, work: RunningAnswer, message: str) -> None:
        await self._fail(work, MessageError(ErrorCode.INTERNAL, message))

    async def _fail(self, work: RunningAnswer, error: MessageError) -> None:
        log.warning("answer failed", message=work.message.id, code=error.code.value)
        await work.finish(self._messages, MessageStatus.FAILED, error=error)

    def _keep(self, ended: EventLog) -> None:
        self._ended[ended.message_id] = ended
        while len(self._ended) > KEPT_LOGS:
            self._ended.popitem(last=False)

    async def cancel_generation(self, message_id: MessageId) -> MessageRecord:
        """Stop an answer and give it back as CANCELED. Raises `NotFound`, and `Conflict` where it has ended already."""
        message = await self._messages.get(message_id)
        work = self._working.get(message_id)
        if work is None:
            raise Conflict(f"This message is not being answered; it is {message.status.value}.", field="message_id")
        work.canceled = True
        work.scope.cancel()
        await work.done.wait()
        if work.message.status is not MessageStatus.CANCELED:
            raise Conflict("The answer ended before it could be canceled.", field="message_id")
        return work.message

    def cursor(self, event: AnswerEvent) -> str:
        return make_cursor(STORED if event.seq > STORED_BASE else self._epoch, event.seq)

    def _log(self, message_id: MessageId) -> EventLog | None:
        work = self._working.get(message_id)
        return work.log if work else self._ended.get(message_id)

    @asynccontextmanager
    async def follow_answer(
        self, message_id: MessageId, after: str | None
    ) -> AsyncIterator[AsyncGenerator[AnswerEvent, None]]:
        """The answer's events behind `after` (None: from the first; HEAD: live alone), to the terminal one.

        Raises `NotFound` for an unknown message, `InvalidInput` for a prompt or a cursor that is none.
        """
        async with self._starting:
            message = await self._messages.get(message_id)
            events = self._log(message_id)
        if events is None:
            yield _each(_stored(message, after))
        else:
            yield events.follow(self._behind(events, after))

    def _behind(self, events: EventLog, after: str | None) -> int:
        if after is None:
            return 0
        if after == HEAD:
            return events.last_seq
        epoch, seq = read_cursor(after)
        return min(seq, events.last_seq) if epoch == self._epoch else -1

    async def keep_checkpoints(self) -> None:
        """Store how far each answer is, about ten times a second; runs for as long as the server does."""
        while True:
            await anyio.sleep(CHECKPOINT_SECONDS)
            for work in list(self._working.values()):
                await guarded(lambda work=work: work.checkpoint(self._messages), "checkpoint")  # type: ignore[misc]


def _stored(message: MessageRecord, after: str | None) -> list[AnswerEvent]:
    """The events of an answer without a log, behind a cursor."""
    if message.role is not MessageRole.ASSISTANT or not message.status.terminal:
        raise InvalidInput("Only answers have events; this is a prompt.", field="message_id")
    whole = replay(message)
    if after is None:
        return whole
    if after == HEAD:
        return whole[-1:]
    epoch, seq = read_cursor(after)
    return [event for event in whole if event.seq > seq] if epoch == STORED else gap(message)


async def _each(events: Sequence[AnswerEvent]) -> AsyncGenerator[AnswerEvent, None]:
    for event in events:
        yield event


@asynccontextmanager
async def open_answers(
    answerer: Answerer,
    sessions: SessionStore,
    messages: MessageStore,
    models: ModelChoice,
    defaults: SessionSettings,
    session_changed: SessionChanged,
    limit: int = 64,
    began: Callable[[], None] = lambda: None,
) -> AsyncIterator[Answers]:
    """Answers are made while this block is open; what an earlier end left unfinished is FAILED with what it had.

    `began` is told of every answer that begins, before anything is done for it.
    """
    for message in await messages.fail_unfinished():
        log.warning("answer was interrupted by the server's end", message=message.id)
    async with anyio.create_task_group() as tasks:
        answers = Answers(answerer, sessions, messages, models, defaults, session_changed, limit, began, tasks)
        tasks.start_soon(answers.keep_checkpoints)
        yield answers
        tasks.cancel_scope.cancel()
