"""Running answers, event logs, changes and shared payloads, which are kept in memory, are separate for each user."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from persistence.database.database import Database
from records.access import AccessScope
from records.document import DocumentStatus
from records.errors import Busy, NotFound
from records.events import ChangeKind
from records.session import MessageStatus, SessionSettings
from services.answers import Answers
from services.ingestion.document_events import DocumentEvents
from services.sessions import Sessions
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.collections import no_members
from tests.fakes.inference import FakeInference, Script
from tests.persistence.stores import Stores
from tests.services.answers.harness import exchange, open_harness
from transport.execution.shared_subscription import SharedSubscriptions
from transport.http.graphql_request import GraphQLRequest


async def follow(answers: Answers, scope: AccessScope, message_id: Any) -> None:
    async with answers.follow_answer(scope, message_id, None) as events:
        async for _ in events:
            pass


CALLS: dict[str, Callable[[Answers, Any], Awaitable[object]]] = {
    "cancel": lambda answers, message: answers.cancel_generation(STRANGER, message),
    "delete": lambda answers, message: answers.delete_message(STRANGER, message),
    "follow": lambda answers, message: follow(answers, STRANGER, message),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_running_answer_does_not_exist_for_others(database: Database, call: str) -> None:
    gate = anyio.Event()
    async with open_harness(database, inference=FakeInference(Script(gate=gate))) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        with pytest.raises(NotFound):
            await CALLS[call](harness.answers, answer.id)
        gate.set()
        assert (await harness.check_ended(answer.id)).status is MessageStatus.COMPLETED


@pytest.mark.parametrize("call", CALLS)
async def test_an_ended_answer_whose_log_is_kept_does_not_exist_for_others(database: Database, call: str) -> None:
    async with open_harness(database) as harness:
        answer_id = await exchange(harness, (await harness.session()).id)
        with pytest.raises(NotFound):
            await CALLS[call](harness.answers, answer_id)
        assert await harness.events(answer_id)


async def test_changes_of_sessions_are_published_to_their_owner_alone(database: Database) -> None:
    await add_stranger(database)
    sessions = Sessions(Stores(database).sessions)
    async with sessions.watch_sessions(STRANGER, None) as changes, sessions.watch_sessions(LOCAL, None) as own:
        assert (await anext(changes)).kind is ChangeKind.SNAPSHOT_END
        session = await sessions.create_session(LOCAL, "mine", (), SessionSettings())
        await sessions.update_session(LOCAL, session.id, name="renamed")
        await sessions.delete_session(LOCAL, session.id)
        theirs = await sessions.create_session(STRANGER, "theirs", (), SessionSettings())
        assert (await anext(changes)).key == theirs.id
        kinds = [(await anext(own)).kind for _ in range(2)]
    assert kinds == [ChangeKind.SNAPSHOT_END, ChangeKind.REMOVED]


async def test_changes_of_documents_are_published_to_their_owner_alone(database: Database) -> None:
    stores = Stores(database)
    await add_stranger(database)
    events = DocumentEvents(stores.documents, no_members())
    async with events.watch(STRANGER, None) as changes, events.watch(LOCAL, None) as own:
        assert (await anext(changes)).kind is ChangeKind.SNAPSHOT_END
        document = await stores.add("bolts.txt")
        events.publish_added(document)
        await events.publish_result(stores.ingested.set_status(document.id, DocumentStatus.READY))
        events.publish_removed(document)
        with anyio.move_on_after(0.05) as waiting:
            await anext(changes)
        assert waiting.cancelled_caught
        assert [(await anext(own)).kind for _ in range(2)] == [ChangeKind.SNAPSHOT_END, ChangeKind.REMOVED]


def test_clients_with_different_scopes_do_not_share_a_subscription() -> None:
    subscriptions, request = SharedSubscriptions(), GraphQLRequest("subscription { sessionEvents { change } }")
    same = AccessScope(LOCAL.user_id, LOCAL.role)
    with (
        subscriptions.join(LOCAL, request) as first,
        subscriptions.join(same, request) as second,
        subscriptions.join(STRANGER, request) as third,
    ):
        assert first is second
        assert third is not first
        assert len(subscriptions) == 2


async def test_a_full_server_tells_others_how_many_answers_run_and_nothing_else(database: Database) -> None:
    gate, refusals = anyio.Event(), []
    await add_stranger(database)
    async with open_harness(database, inference=FakeInference(Script(gate=gate)), limit=1) as harness:
        theirs = await harness.stores.sessions.create(STRANGER, "theirs", (), SessionSettings())
        for name, content in (("Canary one", "canary two"), ("Other words", "another question")):
            session = await harness.stores.session(name)
            _, answer = await harness.answers.send_message(LOCAL, session_id=session.id, content=content)
            with pytest.raises(Busy) as refused:
                await harness.answers.send_message(STRANGER, session_id=theirs.id, content="mine")
            refusals.append((refused.value.message, refused.value.queue_depth, refused.value.retry_after_ms))
            await harness.answers.cancel_generation(LOCAL, answer.id)
    assert refusals[0] == refusals[1]
    assert refusals[0][1] == 1
