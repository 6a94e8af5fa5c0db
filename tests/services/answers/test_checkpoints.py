"""Checkpoints of running answers: each stores new text only, a failed one loses none, and followers need no store."""

import anyio
import pytest

from persistence.database.database import Database
from records.answer import Completed, Started
from records.session import MessageStatus
from services.answers.event_log import EventLog
from services.answers.running_answer import RunningAnswer
from tests.access import LOCAL
from tests.fakes.faults import Fault, Faults
from tests.fakes.inference import FakeInference, Script
from tests.fakes.messages import ObservedMessages
from tests.persistence.stores import Stores
from tests.services.answers.harness import DIRECT, open_faulty, open_harness

FOLLOWERS = 50
HANG_SECONDS = 30
"""Time after which a scenario is taken to hang."""

pytestmark = pytest.mark.usefixtures("captured_logs")


async def start_answer(stores: Stores) -> RunningAnswer:
    """Store an exchange and return its answer, which no task generates."""
    session = await stores.sessions.create(LOCAL, "Bolts", (), DIRECT)
    prompt, message, _ = await stores.ask(session.id)
    return RunningAnswer(LOCAL, message, prompt, DIRECT, None, EventLog(message.id))


async def test_a_checkpoint_stores_only_the_text_since_the_last_one(database: Database) -> None:
    stores, observed = Stores(database), ObservedMessages()
    answer, messages = await start_answer(stores), observed.wrap(stores.messages)
    for piece in ("Hello", " wide", " world."):
        answer.log.write_reasoning(piece.upper())
        answer.log.write_text(piece)
        await answer.checkpoint(messages)
        await answer.checkpoint(messages)
    assert [(each.content, each.reasoning, each.replaces) for each in observed.progress] == [
        ("Hello", "HELLO", True), (" wide", " WIDE", False), (" world.", " WORLD.", False),
    ]  # fmt: skip
    stored = await stores.messages.get(LOCAL, answer.id)
    assert (stored.content, stored.reasoning) == ("Hello wide world.", "HELLO WIDE WORLD.")


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("failing", range(3))
async def test_a_checkpoint_that_fails_neither_loses_nor_doubles_text(
    database: Database, fault: Fault, failing: int
) -> None:
    stores, faults = Stores(database), Faults()
    answer, messages = await start_answer(stores), faults.wrap(stores.messages)
    faults.fail_call(failing, fault)
    for number, piece in enumerate(("Hello", " wide", " world", ".")):
        answer.log.write_text(piece)
        if number == failing:
            with pytest.raises(Exception, match=r"disk is full|injected"):
                await answer.checkpoint(messages)
        else:
            await answer.checkpoint(messages)
    assert (await stores.messages.get(LOCAL, answer.id)).content == "Hello wide world."


@pytest.mark.parametrize("fault", Fault)
async def test_a_checkpoint_that_fails_is_repeated_while_the_answer_runs(database: Database, fault: Fault) -> None:
    async with open_faulty(database, Script(gate=(gate := anyio.Event())), Script()) as (harness, faults):
        session = await harness.session()
        faults.fail_next("Messages.checkpoint", fault)
        _, answer = await harness.send(session.id)
        with anyio.fail_after(HANG_SECONDS):
            while not faults.are_injected:
                await anyio.sleep(0.005)
            await harness.until_content(answer.id, "Hello")
        gate.set()
        stored = await harness.check_ended(answer.id)
        assert (stored.status, stored.content) == (MessageStatus.COMPLETED, "Hello world.")
        await harness.check_usable(session.id)


async def test_followers_read_no_store_and_do_not_wait_for_an_answer_that_starts(database: Database) -> None:
    messages, inference = ObservedMessages(), FakeInference(Script(), Script(gate=(gate := anyio.Event())), Script())
    async with open_harness(database, inference=inference, wrap=messages.wrap) as harness:
        sessions = [await harness.session() for _ in range(3)]
        _, ended = await harness.send(sessions[0].id)
        await harness.check_ended(ended.id)
        _, running = await harness.send(sessions[1].id)
        await harness.until_content(running.id, "Hello")
        _, earlier = await harness.stores.exchange(sessions[0].id, "How loose?", "Very.")
        async with anyio.create_task_group() as tasks:
            messages.gate.close()
            messages.gate.reached = anyio.Event()
            tasks.start_soon(harness.send, sessions[2].id)
            await messages.gate.reached.wait()
            del messages.calls[:]
            with anyio.fail_after(HANG_SECONDS):
                for _ in range(FOLLOWERS):
                    async with harness.answers.follow_answer(LOCAL, running.id, None) as events:
                        assert isinstance(await anext(events), Started)
                    assert isinstance((await harness.events(ended.id))[-1], Completed)
                assert messages.calls == []
                assert isinstance((await harness.events(earlier.id))[-1], Completed)
            assert messages.calls == ["get"], "an answer of an earlier run is read once"
            messages.gate.open()
        gate.set()
        await harness.check_ended(running.id)
