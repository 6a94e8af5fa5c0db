"""Starts, streams, cancels and deletes answers. Each answer ends in exactly one terminal state.

An answer belongs to the server and not to the request that asks for it. It is started, ended and deleted in tasks of this
component, so that a request that is canceled half-way leaves nothing half done.
"""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

import anyio
import structlog

from concurrency import OwnedTasks, Supervisor, open_owned_tasks
from records.access import AccessScope, SystemScope
from records.answer import AnswerEvent
from records.errors import Busy, Conflict, DiskFull, NotFound, ServerStopping
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.session import (
    HEAD,
    BranchPoint,
    MessageRecord,
    MessageRole,
    MessageStatus,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    ThinkingMode,
)
from services.answers.answer_plan import AnswerPlan, AnswerPlanner, PromptRequest
from services.answers.answer_runner import AnswerGenerator, AnswerListeners, AnswerRunner
from services.answers.event_streams import EventStreams
from services.answers.outcome_store import OutcomeStore
from services.answers.running_answer import RunningAnswer
from services.interfaces.message_store import MessageStore
from services.usage import Places

Exchange = tuple[MessageRecord, MessageRecord]
"""A prompt and its answer."""
T = TypeVar("T")

log = structlog.get_logger("graphlore.answers")


class Answers:
    """The answers of all sessions. Created by `open_answers`."""

    def __init__(
        self,
        planner: AnswerPlanner,
        messages: MessageStore,
        runner: AnswerRunner,
        outcomes: OutcomeStore,
        streams: EventStreams,
        places: Places,
        tasks: OwnedTasks,
    ) -> None:
        self._planner = planner
        self._messages = messages
        self._runner = runner
        self._outcomes = outcomes
        self._streams = streams
        self._places = places
        self._tasks = tasks
        self._starting = anyio.Lock()
        "Locked from the storage of an exchange until its answer runs: the answer must not count as an orphan in between."

    @property
    def running(self) -> int:
        """The number of answers that are being generated or wait for the model."""
        return self._runner.running

    @property
    def ends(self) -> Counter[MessageStatus]:
        """The number of answers that ended since the start of the server, by terminal status."""
        return self._runner.ends

    async def effective_settings(self, scope: AccessScope, session: SessionRecord) -> SessionSettings:
        """Return the settings that the next answer of the session is generated with."""
        return await self._planner.effective_settings(scope, session)

    async def send_message(
        self,
        scope: AccessScope,
        *,
        session_id: SessionId,
        content: str,
        thinking_mode: ThinkingMode | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        sampling: SamplingSettings | None = None,
        idempotency_key: str | None = None,
        point: BranchPoint = HEAD,
    ) -> Exchange:
        """Store a prompt, start its answer, and return both.

        If the session has an exchange with this idempotency key already, that exchange is returned. Raises `NotFound` for an
        unknown session or document, `InvalidInput` for a sampling setting that is out of range, `ModelNotReady` if the model
        is neither READY nor LOADING, `Busy` if the limit of unfinished answers is reached, `RateLimited` if the user has
        reached a limit of usage, and `Conflict` if the answer that the prompt follows is unfinished.
        """
        ids = None if document_ids is None else tuple(document_ids)
        request = PromptRequest(
            scope, session_id, content, thinking_mode, ids, sampling, point, idempotency_key=idempotency_key
        )
        known = await self._find_exchange(request)
        if known is not None:
            prompt, answer = known
            found = await self._find(scope, answer.id)
            return prompt, answer if isinstance(found, RunningAnswer) else found
        plan = await self._planner.plan(request)
        return await self._tasks.complete(lambda: self._start(request, plan), "start of an answer")

    async def regenerate_message(
        self,
        scope: AccessScope,
        message_id: MessageId,
        *,
        thinking_mode: ThinkingMode | None = None,
        model_id: ModelId | None = None,
        sampling: SamplingSettings | None = None,
    ) -> Exchange:
        """Start another answer of a prompt, and return both. `message_id` is the id of the prompt or of any of its answers.

        Raises what `send_message` raises; `Conflict` if the prompt has an unfinished answer.
        """
        message = await self._messages.get(scope, message_id)
        prompt_id = message.id if message.role is MessageRole.USER else message.parent_id
        if prompt_id is None:
            raise NotFound("message", message_id, field="message_id")
        request = PromptRequest(
            scope, message.session_id, "", thinking_mode, sampling=sampling, regenerates=prompt_id, model_id=model_id
        )
        plan = await self._planner.plan(request)
        return await self._tasks.complete(lambda: self._start(request, plan), "start of an answer")

    async def _find_exchange(self, request: PromptRequest) -> Exchange | None:
        key = request.idempotency_key
        if key is None:
            return None
        return await self._messages.find_exchange(request.scope, request.session_id, key)

    async def _start(self, request: PromptRequest, plan: AnswerPlan) -> Exchange:
        async with self._starting:
            known = await self._find_exchange(request)
            if known is not None:
                return known
            await self._places.require(request.scope, self._runner)
            prompt, answer, is_known = await self._without_orphan(
                request.scope, request.session_id, lambda: self._store(request, plan)
            )
            if not is_known:
                self._runner.start(request.scope, prompt, answer, plan)
        return prompt, answer

    async def _store(self, request: PromptRequest, plan: AnswerPlan) -> tuple[MessageRecord, MessageRecord, bool]:
        model, mode = plan.ready_model(), plan.settings.thinking_mode or ThinkingMode.DIRECT
        if request.regenerates is not None:
            exchange = await self._messages.start_answer(
                request.scope, request.regenerates, thinking_mode=mode, model_id=model.id, model_name=model.name
            )
            return *exchange, False
        return await self._messages.start_exchange(
            request.scope,
            request.session_id,
            request.content,
            thinking_mode=mode,
            model_id=model.id,
            model_name=model.name,
            idempotency_key=request.idempotency_key,
            point=request.point,
        )

    async def _without_orphan(self, scope: AccessScope, session_id: SessionId, action: Callable[[], Awaitable[T]]) -> T:
        """Run `action`. If orphans of the session may prevent it, store them as FAILED and run it again.

        An orphan is an unfinished answer that no task generates. The caller must have locked `_starting`.
        """
        try:
            return await action()
        except Conflict:
            unfinished = await self._messages.find_unfinished(scope, session_id)
            orphans = [each for each in unfinished if self._runner.find(scope, each.id) is None]
            if not orphans:
                raise
            for orphan in orphans:
                await self._outcomes.fail_orphan(scope, orphan)
        return await action()

    async def _find(self, scope: AccessScope, message_id: MessageId) -> RunningAnswer | MessageRecord:
        """Return the running answer, or the stored message. An orphan (see `_without_orphan`) is stored as FAILED first.

        Raises `NotFound` for an unknown id.
        """
        running = self._runner.find(scope, message_id)
        if running is not None:
            return running
        message = await self._messages.get(scope, message_id)
        if message.status.terminal:
            return message
        return await self._tasks.complete(
            lambda: self._find_unfinished(scope, message_id), "failure of an orphaned answer"
        )

    async def _find_unfinished(self, scope: AccessScope, message_id: MessageId) -> RunningAnswer | MessageRecord:
        """Do the work of `_find` with `_starting` locked: an answer that is being started must not count as an orphan."""
        async with self._starting:
            running = self._runner.find(scope, message_id)
            if running is not None:
                return running
            message = await self._messages.get(scope, message_id)
            return message if message.status.terminal else await self._outcomes.fail_orphan(scope, message)

    async def cancel_generation(self, scope: AccessScope, message_id: MessageId) -> MessageRecord:
        """Stop an answer and return it as CANCELED, with the text it has.

        Raises `NotFound`, and `Conflict` for a prompt and for an answer that has ended.
        """
        answer = await self._find(scope, message_id)
        if isinstance(answer, MessageRecord):
            status = answer.status.value
            raise Conflict(f"This message is not being generated. Its status is {status}.", field="message_id")
        answer.scope.cancel()
        await answer.stopped.wait()
        status = answer.message.status.value
        if not answer.message.status.terminal:
            raise ServerStopping
        if answer.message.status is not MessageStatus.CANCELED:
            message = f"The answer ended before it could be canceled. Its status is {status}."
            raise Conflict(message, field="message_id")
        return answer.message

    async def delete_message(self, scope: AccessScope, message_id: MessageId) -> tuple[MessageId, ...]:
        """Delete a prompt with its answers, or one of several answers with its branch, and return all ids.

        A deletion that has begun is completed, even if the caller is canceled. Raises `NotFound`, and `Conflict` while the
        answer is running.
        """
        return await self._tasks.complete(lambda: self._delete(scope, message_id), "deletion of an exchange")

    async def _delete(self, scope: AccessScope, message_id: MessageId) -> tuple[MessageId, ...]:
        session_id = (await self._messages.get(scope, message_id)).session_id
        async with self._starting:
            deleted = await self._without_orphan(
                scope, session_id, lambda: self._messages.delete_exchange(scope, message_id)
            )
        self._streams.forget(deleted)
        await self._runner.notify(scope, session_id)
        return deleted

    def cursor(self, event: AnswerEvent) -> str:
        """Return the cursor from which a client resumes after `event`."""
        return self._streams.cursor(event)

    @asynccontextmanager
    async def follow_answer(
        self, scope: AccessScope, message_id: MessageId, after: str | None
    ) -> AsyncIterator[AsyncGenerator[AnswerEvent, None]]:
        """Stream the events of an answer after a cursor (None: all, HEAD: new ones) up to the terminal one.

        Raises `NotFound` for an unknown message, and `InvalidInput` for a prompt or an invalid cursor.
        """
        found = self._streams.find(scope, message_id) or await self._find(scope, message_id)
        if isinstance(found, MessageRecord):
            events = self._streams.replay(found, after)
        else:
            events = self._streams.follow(found.log if isinstance(found, RunningAnswer) else found, after)
        async with aclosing(events):
            yield events


async def _fail_interrupted(messages: MessageStore, system: SystemScope) -> None:
    try:
        for message in await messages.fail_unfinished(system):
            log.warning("answer interrupted by the end of the server", message=message.id)
    except (DiskFull, Busy) as failure:  # `Answers` stores them as FAILED when a client uses them
        log.warning("interrupted answers not stored as failed", code=failure.code.value)


@asynccontextmanager
async def open_answers(
    generator: AnswerGenerator,
    planner: AnswerPlanner,
    messages: MessageStore,
    listeners: AnswerListeners,
    places: Places,
    supervisor: Supervisor,
    system: SystemScope,
) -> AsyncIterator[Answers]:
    """Generate answers while the block is open. Answers that an earlier process left unfinished become FAILED first.

    An answer is generated and stored with the scope of the user who sent the prompt. `system` is the scope with which the
    answers of earlier processes are stored as FAILED. `places` limits the unfinished answers and the usage of each user.
    """
    await _fail_interrupted(messages, system)
    outcomes, streams = OutcomeStore(messages), EventStreams()
    async with open_owned_tasks(supervisor, "answers") as tasks:
        runner = AnswerRunner(generator, messages, outcomes, streams, listeners, tasks)
        async with supervisor.running("answer checkpoints", runner.store_progress):
            yield Answers(planner, messages, runner, outcomes, streams, places, tasks)
