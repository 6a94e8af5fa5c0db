"""Answers are sent, followed, canceled, deleted and rejected; each ends exactly once."""

import asyncio

import anyio
import pytest

from engines.inference.protocol import Start
from persistence.database.database import Database
from records.access import AccessScope
from records.answer import Canceled, Completed, Failed, Gap
from records.codes import ErrorCode
from records.configuration import MAX_QUEUED_ANSWERS
from records.errors import Busy, Conflict, InvalidInput, ModelNotReady, NotFound
from records.ids import MessageId, SessionId
from records.model import ModelStatus
from records.retrieval import Retrieval, RetrievalQuery
from records.session import DocumentScope, MessageRole, MessageStatus, SessionSettings, ThinkingMode
from services.answers.answerer import MAX_RETRIEVALS
from services.answers.cursors import HEAD
from services.answers.event_streams import MAX_ENDED_LOGS
from settings import Settings
from tests.access import LOCAL
from tests.fakes.inference import FakeInference, Script
from tests.fakes.retrieval import FakeRetriever
from tests.services.answers.harness import open_harness
from tests.support.builders import make_model

COMPLETED, CANCELED, FAILED = MessageStatus.COMPLETED, MessageStatus.CANCELED, MessageStatus.FAILED


def gated() -> tuple[FakeInference, anyio.Event]:
    """Return a model that waits before its last word, and the event that it waits for."""
    gate = anyio.Event()
    return FakeInference(Script(gate=gate)), gate


async def test_an_answer_is_generated_and_stored(database: Database) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        prompt, answer = await harness.send(session.id)
        assert (prompt.role, answer.status) == (MessageRole.USER, MessageStatus.PENDING)
        stored = await harness.check_ended(answer.id)
        assert (stored.status, stored.content) == (COMPLETED, "Hello world.")
        assert stored.generation is not None
        assert harness.answers.ends == {COMPLETED: 1}


async def test_a_session_has_one_running_answer(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        for attempt in (harness.send(session.id), harness.answers.delete_message(LOCAL, answer.id)):
            with pytest.raises(Conflict):
                await attempt
        gate.set()
        await harness.check_ended(answer.id)
        await harness.check_usable(session.id)


async def test_a_canceled_answer_keeps_its_text_and_its_session_is_free_at_once(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        async with harness.answers.follow_answer(LOCAL, answer.id, None) as events:
            async for event in events:
                if getattr(event, "text", "") == "Hello":
                    break
        canceled = await harness.answers.cancel_generation(LOCAL, answer.id)
        assert (canceled.status, canceled.content) == (CANCELED, "Hello")
        gate.set()
        _, second = await harness.send(session.id)
        assert isinstance((await harness.events(answer.id))[-1], Canceled)
        assert (await harness.check_ended(second.id)).status is COMPLETED
        with pytest.raises(Conflict, match="CANCELED"):
            await harness.answers.cancel_generation(LOCAL, answer.id)


async def test_concurrent_cancellations_return_the_same_answer(database: Database) -> None:
    inference, _ = gated()
    async with open_harness(database, inference=inference) as harness:
        _, answer = await harness.send((await harness.session()).id)
        canceled = await asyncio.gather(*(harness.answers.cancel_generation(LOCAL, answer.id) for _ in range(3)))
        assert {each.status for each in canceled} == {CANCELED}
        assert harness.answers.ends == {CANCELED: 1}


async def test_a_failure_of_the_model_ends_the_answer(database: Database) -> None:
    inference = FakeInference(Script(error=Busy("64 answers wait.", queue_depth=64, retry_after_ms=1)), Script())
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        event = (await harness.events(answer.id))[-1]
        assert isinstance(event, Failed)
        assert (event.error.code, event.message.content) == (ErrorCode.BUSY, "Hello")
        await harness.check_usable(session.id)


async def test_an_unexpected_error_is_masked_with_an_incident_id(database: Database) -> None:
    inference = FakeInference(Script(error=RuntimeError("the password is swordfish")), Script())
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        stored = await harness.check_ended(answer.id)
        assert stored.error is not None
        assert (stored.status, stored.error.code) == (FAILED, ErrorCode.INTERNAL)
        assert "swordfish" not in stored.error.message
        await harness.check_usable(session.id)


async def test_answers_beyond_the_limit_are_refused_as_busy_and_not_stored(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference, limit=2) as harness:
        first, second, third = [await harness.session() for _ in range(3)]
        answers = [(await harness.send(session.id))[1] for session in (first, second)]
        with pytest.raises(Busy) as refusal:
            await harness.send(third.id)
        assert refusal.value.queue_depth == 2
        assert await harness.stores.messages.count(LOCAL, third.id) == 0
        assert len(inference.requests) <= 2
        gate.set()
        for answer in answers:
            await harness.check_ended(answer.id)
        await harness.check_usable(third.id)


def test_an_inference_worker_queues_as_many_answers_as_the_setting_can_allow() -> None:
    bounds = Settings.model_fields["max_queued_answers"].metadata
    assert Start().max_queued == MAX_QUEUED_ANSWERS
    assert [bound.le for bound in bounds if hasattr(bound, "le")] == [MAX_QUEUED_ANSWERS]


class GatedRetriever(FakeRetriever):
    """A retriever that waits at a gate and counts the searches that run at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = anyio.Event()
        self.running, self.most = 0, 0

    async def retrieve(self, access: AccessScope, query: RetrievalQuery) -> Retrieval:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.gate.wait()
        self.running -= 1
        return await super().retrieve(access, query)


async def test_few_answers_search_the_documents_at_the_same_time(database: Database) -> None:
    retriever = GatedRetriever()
    async with open_harness(database, retriever=retriever) as harness:
        settings = SessionSettings(thinking_mode=ThinkingMode.RAG, document_scope=DocumentScope.ALL)
        sessions = [
            await harness.stores.sessions.create(LOCAL, "Bolts", (), settings) for _ in range(MAX_RETRIEVALS + 3)
        ]
        answers = [(await harness.send(session.id))[1] for session in sessions]
        while retriever.running < MAX_RETRIEVALS:
            await anyio.sleep(0.001)
        retriever.gate.set()
        for answer in answers:
            assert (await harness.check_ended(answer.id)).status is COMPLETED
        assert retriever.most == MAX_RETRIEVALS


async def test_a_repeated_key_returns_the_stored_exchange_whatever_has_changed_since(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference, limit=1) as harness:
        session = await harness.session()
        first = await harness.send(session.id, "key")
        assert [each.id for each in await harness.send(session.id, "key")] == [each.id for each in first]
        gate.set()
        await harness.check_ended(first[1].id)
        harness.model.record = make_model(status=ModelStatus.UNLOADED)
        again = await harness.send(session.id, "key")
        assert [each.id for each in again] == [each.id for each in first]
        assert again[1].status is COMPLETED
        with pytest.raises(ModelNotReady, match="Load it, or select a loaded model"):
            await harness.send(session.id, "other key")


async def test_concurrent_requests_with_one_key_start_one_answer_even_at_the_limit(database: Database) -> None:
    async with open_harness(database, limit=1) as harness:
        session = await harness.session()
        exchanges = await asyncio.gather(*(harness.send(session.id, "key") for _ in range(5)))
        assert len({answer.id for _, answer in exchanges}) == 1
        assert await harness.stores.messages.count(LOCAL, session.id) == 2


async def test_an_exchange_is_deleted_with_its_events(database: Database) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        prompt, answer = await harness.send(session.id)
        await harness.check_ended(answer.id)
        assert await harness.answers.delete_message(LOCAL, prompt.id) == (prompt.id, answer.id)
        for call in (
            harness.events(answer.id),
            harness.answers.delete_message(LOCAL, answer.id),
            harness.answers.cancel_generation(LOCAL, answer.id),
        ):
            with pytest.raises(NotFound):
                await call
        await harness.check_usable(session.id)


async def test_a_session_that_is_deleted_during_its_answer_ends_the_answer(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        async with harness.answers.follow_answer(LOCAL, answer.id, None) as events:
            await harness.stores.sessions.delete(LOCAL, session.id)
            gate.set()
            received = [event async for event in events]
        assert isinstance(received[-1], Failed)
        assert received[-1].error.code is ErrorCode.NOT_FOUND
        await harness.until_idle()


async def test_a_follower_resumes_at_its_cursor(database: Database) -> None:
    async with open_harness(database) as harness:
        _, answer = await harness.send((await harness.session()).id)
        events = await harness.events(answer.id)
        for position, event in enumerate(events):
            resumed = await harness.events(answer.id, harness.answers.cursor(event))
            assert [each.seq for each in resumed] == [each.seq for each in events[position + 1 :]]
        assert await harness.events(answer.id, HEAD) == events[-1:]


async def test_a_follower_of_a_stored_answer_receives_rebuilt_events(database: Database) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        events = await harness.events(answer.id)
        old = harness.answers.cursor(events[2])
        for _ in range(MAX_ENDED_LOGS):
            await harness.check_usable((await harness.session()).id)
        rebuilt = await harness.events(answer.id)
        assert isinstance(rebuilt[-1], Completed)
        assert [type(event) for event in await harness.events(answer.id, old)] == [Gap, Completed]
        cursor = harness.answers.cursor(rebuilt[0])
        assert await harness.events(answer.id, cursor) == rebuilt[1:]


@pytest.mark.parametrize("cursor", ["", "nonsense", "e30=", "ab" * 500, "a.é"])
async def test_an_invalid_cursor_is_refused(database: Database, cursor: str) -> None:
    async with open_harness(database) as harness:
        _, answer = await harness.send((await harness.session()).id)
        with pytest.raises(InvalidInput):
            await harness.events(answer.id, cursor)


async def test_prompts_and_unknown_messages_have_no_events(database: Database) -> None:
    async with open_harness(database) as harness:
        prompt, _ = await harness.send((await harness.session()).id)
        with pytest.raises(InvalidInput, match="prompt"):
            await harness.events(prompt.id)
        with pytest.raises(Conflict):
            await harness.answers.cancel_generation(LOCAL, prompt.id)
        with pytest.raises(NotFound):
            await harness.events(MessageId(404))
        with pytest.raises(NotFound):
            await harness.send(SessionId(404))


async def test_an_answer_interrupted_by_a_shutdown_keeps_its_text_and_fails_at_the_next_start(
    database: Database,
) -> None:
    inference, _ = gated()
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        async with harness.answers.follow_answer(LOCAL, answer.id, None) as events:
            async for event in events:
                if getattr(event, "text", "") == "Hello":
                    break
    async with open_harness(database) as harness:
        stored = await harness.check_ended(answer.id)
        assert stored.error is not None
        assert (stored.status, stored.content, stored.error.code) == (FAILED, "Hello", ErrorCode.INTERRUPTED)
        await harness.check_usable(session.id)


async def test_a_long_answer_is_stored_as_it_grows(database: Database) -> None:
    gate = anyio.Event()
    words = [f"word{number} " for number in range(300)]
    inference = FakeInference(Script(words=words, gate=gate))
    async with open_harness(database, inference=inference) as harness:
        _, answer = await harness.send((await harness.session()).id)
        while (await harness.stores.messages.get(LOCAL, answer.id)).content != "".join(words[:-1]):
            await anyio.sleep(0.01)
        gate.set()
        assert (await harness.check_ended(answer.id)).content == "".join(words)
