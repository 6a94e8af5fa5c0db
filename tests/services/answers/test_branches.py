"""Branches of a session are answered at the same time, each with its own history, mode and settings."""

from dataclasses import replace

import anyio
import pytest

from persistence.database.database import Database
from records.errors import Conflict, NotFound
from records.ids import MessageId
from records.session import BranchPoint, MessageStatus, SamplingSettings, SessionRecord, ThinkingMode
from tests.access import LOCAL
from tests.fakes.inference import FakeInference, Script
from tests.services.answers.harness import DIRECT, AnswersHarness, open_harness

WITH_HISTORY = replace(DIRECT, history_pairs=10)


async def ask(
    harness: AnswersHarness, session: SessionRecord, content: str, point: BranchPoint
) -> tuple[MessageId, MessageId]:
    """Send a prompt and wait for its answer; return the ids of both."""
    prompt, answer = await harness.answers.send_message(LOCAL, session_id=session.id, content=content, point=point)
    await harness.until_stored(answer.id)
    await harness.until_idle()
    return prompt.id, answer.id


def texts(inference: FakeInference) -> list[list[str]]:
    """Return the texts of the user and the model in the model input of each generation."""
    return [[text for role, text in request.messages if role != "system"] for request in inference.requests]


async def test_each_branch_has_its_own_history(database: Database) -> None:
    inference = FakeInference(*(Script(words=(word,)) for word in ("A", "B", "B2", "C")))
    async with open_harness(database, inference=inference) as harness:
        session = await harness.stores.sessions.create(LOCAL, "Bolts", (), WITH_HISTORY)
        await ask(harness, session, "a", BranchPoint())
        prompt, _ = await ask(harness, session, "b", BranchPoint())
        await ask(harness, session, "b2", BranchPoint(edits=prompt))
        await ask(harness, session, "c", BranchPoint())
    assert texts(inference)[2:] == [["a", "A", "b2"], ["a", "A", "b2", "B2", "c"]]


async def test_another_answer_has_the_history_of_its_prompt_and_its_own_settings(database: Database) -> None:
    inference = FakeInference(*(Script(words=(word,)) for word in ("A", "B", "B2", "B3")))
    async with open_harness(database, inference=inference) as harness:
        session = await harness.stores.sessions.create(LOCAL, "Bolts", (), WITH_HISTORY)
        await ask(harness, session, "a", BranchPoint())
        prompt, first = await ask(harness, session, "b", BranchPoint())
        for message, word in ((first, "B2"), (prompt, "B3")):
            found, answer = await harness.answers.regenerate_message(
                LOCAL, message, sampling=SamplingSettings(max_tokens=7), thinking_mode=ThinkingMode.DIRECT
            )
            assert found.id == prompt
            assert (await harness.check_ended(answer.id)).content == word
        assert (await harness.stores.messages.get(LOCAL, first)).content == "B", "the first answer is kept"
    assert texts(inference)[1:] == [["a", "A", "b"]] * 3
    assert inference.requests[-1].sampling.max_tokens == 7


async def test_two_branches_are_answered_at_the_same_time(database: Database) -> None:
    gate = anyio.Event()
    gated = (Script(words=("one", "1"), gate=gate), Script(words=("two", "2"), gate=gate))
    inference = FakeInference(Script(words=("A",)), *gated)
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        prompt, answer = await ask(harness, session, "a", BranchPoint())
        _, one = await harness.answers.send_message(LOCAL, session_id=session.id, content="b")
        _, two = await harness.answers.send_message(
            LOCAL, session_id=session.id, content="c", point=BranchPoint(follows=answer)
        )
        with pytest.raises(Conflict):
            await harness.answers.send_message(LOCAL, session_id=session.id, content="d")
        assert harness.answers.running == 2
        gate.set()
        assert (await harness.check_ended(one.id)).status is MessageStatus.COMPLETED
        assert (await harness.check_ended(two.id)).status is MessageStatus.COMPLETED
        assert prompt


async def test_an_answer_of_an_unknown_message_is_not_found(database: Database) -> None:
    async with open_harness(database) as harness:
        with pytest.raises(NotFound):
            await harness.answers.regenerate_message(LOCAL, MessageId(404))
