"""A test harness for the answers service: real stores, the real answerer and a scripted model."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import anyio

from concurrency import Supervisor
from persistence.database.database import Database
from records.access import AccessScope
from records.access.usage import UsageLimits
from records.answer import TERMINAL, AnswerEvent
from records.errors import Conflict
from records.ids import MessageId, ModelId, SessionId
from records.model import ModelRecord
from records.session import MessageRecord, SamplingSettings, SessionRecord, SessionSettings, ThinkingMode
from services.answers import AnswerListeners, AnswerPlanner, Answers, open_answers
from services.answers.answerer import Answerer
from services.sessions import Sessions
from services.usage import Places, Usage
from tests.access import LOCAL, SYSTEM
from tests.fakes.faults import Faults
from tests.fakes.inference import FakeInference, Script
from tests.fakes.retrieval import FakeRetriever
from tests.persistence.stores import Stores
from tests.support.builders import make_model
from tests.support.supervisor import open_test_supervisor

NO_LIMITS = UsageLimits()
DIRECT = SessionSettings(thinking_mode=ThinkingMode.DIRECT, sampling=SamplingSettings(max_tokens=50))


@dataclass
class OneModel:
    """A fake of the models service. It has one model, which is READY."""

    record: ModelRecord
    inference_engine: FakeInference

    def find(self, model_id: ModelId) -> ModelRecord | None:
        return self.record

    def default_id(self) -> ModelId | None:
        return self.record.id

    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings) -> None:
        return None

    async def wait_ready(self, model_id: ModelId) -> None:
        return None

    def inference(self, model_id: ModelId) -> FakeInference:
        return self.inference_engine

    def use(self, model_id: ModelId) -> AbstractAsyncContextManager[None]:
        return nullcontext()


@dataclass
class AnswersHarness:
    """The answers service under test, the stores it writes to, the model it uses, and the changes that it publishes."""

    answers: Answers
    stores: Stores
    model: OneModel
    session_changes: Sessions

    async def session(self, scope: AccessScope = LOCAL) -> SessionRecord:
        return await self.stores.sessions.create(scope, "Bolts", (), DIRECT)

    async def send(
        self, session_id: SessionId, key: str | None = None, scope: AccessScope = LOCAL
    ) -> tuple[MessageRecord, MessageRecord]:
        return await self.answers.send_message(scope, session_id=session_id, content="How tight?", idempotency_key=key)

    async def events(self, message_id: MessageId, after: str | None = None) -> list[AnswerEvent]:
        """Return the events of an answer after a cursor, up to the terminal one."""
        async with self.answers.follow_answer(LOCAL, message_id, after) as events:
            return [event async for event in events]

    async def until_idle(self) -> None:
        """Wait until no answer runs."""
        while self.answers.running:
            await anyio.sleep(0.005)

    async def until_stored(self, message_id: MessageId) -> MessageRecord:
        """Wait until an answer is stored as ended, and return it."""
        while not (message := await self.stores.messages.get(LOCAL, message_id)).status.terminal:
            await anyio.sleep(0.005)
        return message

    async def until_content(self, message_id: MessageId, content: str) -> None:
        """Wait until a checkpoint has stored this text of an answer."""
        while (await self.stores.messages.get(LOCAL, message_id)).content != content:
            await anyio.sleep(0.005)

    async def check_ended(self, message_id: MessageId) -> MessageRecord:
        """Check that an answer ended exactly once and is stored as its watchers saw it; return it."""
        events = await self.events(message_id)
        assert [isinstance(event, TERMINAL) for event in events] == [False] * (len(events) - 1) + [True]
        await self.until_idle()
        stored = await self.until_stored(message_id)
        assert cast(Any, events[-1]).message.status is stored.status
        assert cast(Any, events[-1]).message.content == stored.content
        return stored

    async def check_usable(self, session_id: SessionId) -> None:
        """Check that a session accepts a prompt and completes its answer.

        The answer of a request that was canceled before may still run for a while. If the session stays blocked, this
        method does not return.
        """
        while True:
            await self.until_idle()
            try:
                _, answer = await self.send(session_id)
                break
            except Conflict:
                await anyio.sleep(0.005)
        assert (await self.check_ended(answer.id)).content == "Hello world."


def unchanged(store: Any) -> Any:
    """Return a store as it is; tests pass a function that wraps it with faults."""
    return store


@asynccontextmanager
async def open_harness(
    database: Database,
    *,
    inference: FakeInference | None = None,
    retriever: FakeRetriever | None = None,
    limit: int = 64,
    limits: UsageLimits = NO_LIMITS,
    has_several_users: bool = False,
    wrap: Callable[[Any], Any] = unchanged,
) -> AsyncIterator[AnswersHarness]:
    """Run answers while the block is open. `wrap` is applied to the stores that the service uses."""
    async with (
        open_test_supervisor() as supervisor,
        open_supervised(
            database,
            supervisor,
            inference=inference,
            retriever=retriever,
            limit=limit,
            limits=limits,
            has_several_users=has_several_users,
            wrap=wrap,
        ) as harness,
    ):
        yield harness


@asynccontextmanager
async def open_supervised(
    database: Database,
    supervisor: Supervisor,
    *,
    inference: FakeInference | None = None,
    retriever: FakeRetriever | None = None,
    limit: int = 64,
    limits: UsageLimits = NO_LIMITS,
    has_several_users: bool = False,
    wrap: Callable[[Any], Any] = unchanged,
) -> AsyncIterator[AnswersHarness]:
    """Run answers under a supervisor that the test watches."""
    stores = Stores(database)
    sessions, documents, messages = wrap(stores.sessions), wrap(stores.documents), wrap(stores.messages)
    model = OneModel(make_model(path=Path("small.gguf")), inference or FakeInference())
    answerer = Answerer(documents, messages, retriever or FakeRetriever(), model, b"key")
    planner = AnswerPlanner(sessions, documents, stores.collections, model, DIRECT)
    changes = Sessions(sessions)
    listeners = AnswerListeners(session_changed=changes.changed)

    async def several() -> bool:
        return has_several_users

    places = Places(limit, Usage(stores.usage, limits), has_several_users=several)
    async with open_answers(answerer, planner, messages, listeners, places, supervisor, SYSTEM) as answers:
        yield AnswersHarness(answers, stores, model, changes)


@asynccontextmanager
async def open_faulty(
    database: Database, *scripts: Script, limit: int = 64
) -> AsyncIterator[tuple[AnswersHarness, Faults]]:
    """Run answers over failing stores, and check at the end that every background loop is alive."""
    faults, inference = Faults(), FakeInference(*scripts)
    async with (
        open_test_supervisor() as supervisor,
        open_supervised(database, supervisor, inference=inference, limit=limit, wrap=faults.wrap) as harness,
    ):
        yield harness, faults
        assert supervisor.failed == ()
        assert set(supervisor.alive) == {"answers", "answer checkpoints"}


async def exchange(harness: AnswersHarness, session_id: SessionId) -> MessageId:
    """Send a prompt and wait for the end of its answer."""
    _, answer = await harness.send(session_id)
    await harness.until_idle()
    return answer.id
