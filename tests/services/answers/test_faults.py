"""Failing stores and full disks during answers: no session stays blocked, and every answer ends exactly once."""

from pathlib import Path

import anyio
import pytest

from persistence.database.database import Database, open_database
from persistence.database.sqlite import execute
from records.answer import TERMINAL, Failed
from records.codes import ErrorCode
from records.errors import DiskFull, ExpectedError
from records.ids import MessageId
from records.page import PageRequest
from records.session import MessageStatus
from tests.access import LOCAL
from tests.fakes.faults import Fault, Faults
from tests.fakes.inference import FakeInference, Script
from tests.services.answers.harness import exchange, open_faulty, open_harness
from tests.support.small_disk import small_disk

COMPLETED, CANCELED, FAILED = MessageStatus.COMPLETED, MessageStatus.CANCELED, MessageStatus.FAILED
INJECTED = (DiskFull, OSError)

pytestmark = pytest.mark.usefixtures("captured_logs")


@pytest.mark.parametrize("fault", Fault)
async def test_any_failing_call_of_a_store_leaves_the_answer_ended_and_its_session_usable(
    database: Database, fault: Fault
) -> None:
    async with open_faulty(database) as (harness, faults):
        await exchange(harness, (await harness.session()).id)
        calls = [name for name in faults.calls if "fail_unfinished" not in name]
        assert "Messages.start_exchange" in calls
        assert "Messages.finish" in calls
        for number in range(len(calls)):
            session = await harness.session()
            faults.fail_call(number, fault)
            try:
                acknowledged: MessageId | None = await exchange(harness, session.id)
            except INJECTED:
                acknowledged = None
            faults.clear()
            if acknowledged is not None:
                await harness.check_ended(acknowledged)
            await harness.check_usable(session.id)
            for message in (await harness.stores.messages.page(LOCAL, session.id, PageRequest(first=100))).items:
                assert message.status.terminal, calls[number]


@pytest.mark.parametrize("fault", Fault)
async def test_any_failing_call_of_a_deletion_leaves_the_session_usable(database: Database, fault: Fault) -> None:
    async with open_faulty(database) as (harness, faults):
        for number in range(6):
            session = await harness.session()
            answer = await exchange(harness, session.id)
            faults.fail_call(number, fault)
            try:
                await harness.answers.delete_message(LOCAL, answer)
            except INJECTED:
                pass
            else:
                assert await harness.stores.messages.find(LOCAL, answer) is None
            faults.clear()
            await harness.check_usable(session.id)


@pytest.mark.parametrize("fault", [Fault.DISK_FULL, Fault.INPUT_OUTPUT_ERROR])
async def test_an_answer_whose_end_cannot_be_stored_fails_once_and_is_stored_as_failed_later(
    database: Database, fault: Fault
) -> None:
    async with open_faulty(database, Script(gate=(gate := anyio.Event())), Script()) as (harness, faults):
        session = await harness.session()
        _, answer = await harness.send(session.id)
        async with harness.answers.follow_answer(LOCAL, answer.id, None) as events:
            while getattr(await anext(events), "text", "") != "Hello":
                pass
            await harness.until_content(answer.id, "Hello")
            faults.fail_next("Messages.finish", fault)
            gate.set()
            last = [event async for event in events][-1]
        assert isinstance(last, Failed)
        assert last.error.code is (ErrorCode.DISK_FULL if fault is Fault.DISK_FULL else ErrorCode.INTERNAL)
        assert last.message.content == "Hello world."
        stored = await harness.check_ended(answer.id)
        assert (stored.status, stored.content, stored.error) == (FAILED, "Hello world.", last.error)
        await harness.check_usable(session.id)


async def test_an_answer_whose_end_is_stored_without_a_confirmation_is_completed(database: Database) -> None:
    async with open_faulty(database) as (harness, faults):
        session = await harness.session()
        faults.fail_next("Messages.finish", Fault.LOST_ACKNOWLEDGEMENT)
        _, answer = await harness.send(session.id)
        assert (await harness.check_ended(answer.id)).status is COMPLETED
        await harness.check_usable(session.id)


async def test_answers_that_end_on_a_full_disk_fail_and_are_stored_when_there_is_room(database: Database) -> None:
    gate = anyio.Event()
    async with open_faulty(database, Script(gate=gate), Script()) as (harness, faults):
        session, other = await harness.session(), await harness.session()
        _, answer = await harness.send(session.id)
        with faults.full_disk():
            gate.set()
            events = await harness.events(answer.id)
            assert isinstance(events[-1], Failed)
            assert events[-1].error.code is ErrorCode.DISK_FULL
            for blocked in (session, other):
                with pytest.raises(DiskFull):
                    await harness.send(blocked.id)
            with pytest.raises(ExpectedError):
                await harness.answers.cancel_generation(LOCAL, answer.id)
            with pytest.raises(DiskFull):
                await harness.answers.delete_message(LOCAL, answer.id)
            assert (await harness.events(answer.id))[-1] == events[-1], "followers see the end again"
        assert (await harness.check_ended(answer.id)).status is FAILED
        for usable in (session, other):
            await harness.check_usable(usable.id)


@pytest.mark.parametrize("action", ["send", "cancel", "delete", "follow", "wait"])
async def test_a_session_is_usable_directly_after_the_disk_has_room_again(database: Database, action: str) -> None:
    """No restart is needed: the first request for the answer or its session stores the answer as FAILED."""
    async with open_faulty(database) as (harness, faults):
        session = await harness.session()
        with faults.full_disk("Messages.finish"):
            answer = await exchange(harness, session.id)
        match action:
            case "send":
                await harness.send(session.id)
            case "cancel":
                with pytest.raises(ExpectedError):
                    await harness.answers.cancel_generation(LOCAL, answer)
            case "delete":
                await harness.answers.delete_message(LOCAL, answer)
                assert await harness.stores.messages.find(LOCAL, answer) is None
            case "follow":
                assert isinstance((await harness.events(answer))[-1], Failed)
            case _:
                await harness.check_ended(answer)
        await harness.check_usable(session.id)


@pytest.mark.parametrize("action", ["send", "cancel", "delete", "follow", "repeat"])
async def test_an_unfinished_answer_without_a_task_fails_with_its_text_when_it_is_requested(
    database: Database, action: str
) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        prompt, orphan, _ = await harness.stores.ask(session.id, "How tight?", "key")
        await set_content(database, orphan.id, "Hello")
        match action:
            case "send":
                await harness.send(session.id)
            case "cancel":
                with pytest.raises(ExpectedError, match="FAILED"):
                    await harness.answers.cancel_generation(LOCAL, orphan.id)
            case "delete":
                assert await harness.answers.delete_message(LOCAL, prompt.id) == (prompt.id, orphan.id)
            case "follow":
                assert isinstance((await harness.events(orphan.id))[-1], Failed)
            case _:
                _, repeated = await harness.send(session.id, "key")
                assert (repeated.id, repeated.status) == (orphan.id, FAILED)
        if action != "delete":
            stored = await harness.check_ended(orphan.id)
            assert stored.error is not None
            assert (stored.status, stored.content, stored.error.code) == (FAILED, "Hello", ErrorCode.INTERRUPTED)
        await harness.check_usable(session.id)


async def test_a_start_on_a_full_disk_succeeds_and_repairs_interrupted_answers_later(database: Database) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        _, orphan, _ = await harness.stores.ask(session.id)
    faults = Faults()
    with faults.full_disk():
        async with open_harness(database, wrap=faults.wrap) as harness:
            with pytest.raises(DiskFull):
                await harness.send(session.id)
    async with open_harness(database) as harness:
        assert (await harness.check_ended(orphan.id)).status is FAILED
        await harness.check_usable(session.id)


async def test_a_shutdown_on_a_full_disk_loses_at_most_the_last_text(database: Database) -> None:
    async with open_faulty(database, Script(gate=anyio.Event())) as (harness, faults):
        session = await harness.session()
        _, answer = await harness.send(session.id)
        await harness.until_content(answer.id, "Hello")
        full = faults.full_disk()
        full.__enter__()
    full.__exit__(None, None, None)
    async with open_harness(database) as harness:
        stored = await harness.check_ended(answer.id)
        assert (stored.status, stored.content) == (FAILED, "Hello")
        await harness.check_usable(session.id)


async def test_answers_survive_a_real_full_disk(template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", template, 6 << 20) as disk:
        async with open_database(disk.folder / "graphlore.db") as database:
            words = ["word " * 200] * 20
            async with open_harness(database, inference=FakeInference(Script(words=words))) as harness:
                sessions = [await harness.session() for _ in range(3)]
                disk.fill()
                refused = 0
                for session in sessions:
                    try:
                        _, answer = await harness.send(session.id)
                        assert isinstance((await harness.events(answer.id))[-1], TERMINAL)
                    except DiskFull:
                        refused += 1
                assert refused
                disk.free()
                harness.model.inference_engine = FakeInference()
                for session in sessions:
                    await harness.check_usable(session.id)


async def set_content(database: Database, message_id: MessageId, content: str) -> None:
    async with database.writing() as transaction:
        await execute(transaction, "UPDATE messages SET content = ? WHERE id = ?", [content, message_id])
