"""Branches of a session: edited prompts, further answers, deleted branches, the head, and forks."""

from dataclasses import replace

import pytest

from records.errors import Conflict, InvalidInput, NotFound
from records.ids import MessageId, ModelId, SessionId
from records.page import PageRequest
from records.session import BranchPoint, MessageRecord, MessageStatus, ThinkingMode
from tests.access import LOCAL
from tests.persistence.stores import Stores, cite

EVERYTHING = PageRequest(first=100)
Exchange = tuple[MessageRecord, MessageRecord]


async def ask(stores: Stores, session_id: SessionId, content: str, point: BranchPoint) -> Exchange:
    """Store a prompt at a place of the tree, with an answer of the same text in capitals."""
    prompt, answer, _ = await stores.messages.start_exchange(
        LOCAL, session_id, content, thinking_mode=ThinkingMode.DIRECT, model_id=ModelId("m"), model_name="M",
        idempotency_key=None, point=point,
    )  # fmt: skip
    return prompt, await end(stores, replace(answer, content=content.upper()))


async def end(stores: Stores, answer: MessageRecord) -> MessageRecord:
    return await stores.messages.finish(LOCAL, replace(answer, status=MessageStatus.COMPLETED))


async def again(stores: Stores, prompt: MessageRecord) -> MessageRecord:
    """Store another, unfinished answer of a prompt."""
    _, answer = await stores.messages.start_answer(
        LOCAL, prompt.id, thinking_mode=ThinkingMode.DIRECT, model_id=ModelId("m"), model_name="M"
    )
    return answer


async def texts(stores: Stores, session_id: SessionId) -> list[str]:
    page = await stores.messages.page(LOCAL, session_id, EVERYTHING)
    assert await stores.messages.count(LOCAL, session_id) == len(page.items)
    return [message.content for message in page.items]


async def three_exchanges(stores: Stores) -> tuple[SessionId, list[Exchange]]:
    session = await stores.session()
    return session.id, [await ask(stores, session.id, each, BranchPoint()) for each in ("a", "b", "c")]


async def test_an_edited_prompt_begins_a_branch_with_its_own_history(stores: Stores) -> None:
    session_id, [_, second, third] = await three_exchanges(stores)
    edited, _ = await ask(stores, session_id, "b2", BranchPoint(edits=second[0].id))
    assert await texts(stores, session_id) == ["a", "A", "b2", "B2"]
    follow, _ = await ask(stores, session_id, "d", BranchPoint())
    assert await texts(stores, session_id) == ["a", "A", "b2", "B2", "d", "D"]
    assert [each.content for each in await stores.messages.history(LOCAL, follow.id, 9)] == ["a", "A", "b2", "B2"]
    assert [each.content for each in await stores.messages.history(LOCAL, third[0].id, 1)] == ["b", "B"]
    assert [each.id for each in await stores.messages.siblings(LOCAL, edited)] == [second[0].id, edited.id]


async def test_the_first_prompt_can_be_edited(stores: Stores) -> None:
    session_id, [first, _, _] = await three_exchanges(stores)
    edited, _ = await ask(stores, session_id, "a2", BranchPoint(edits=first[0].id))
    assert await texts(stores, session_id) == ["a2", "A2"]
    assert edited.parent_id is None
    assert [each.content for each in await stores.messages.siblings(LOCAL, edited)] == ["a", "a2"]


async def test_a_prompt_can_follow_any_answer(stores: Stores) -> None:
    session_id, [first, _, _] = await three_exchanges(stores)
    await ask(stores, session_id, "x", BranchPoint(follows=first[1].id))
    assert await texts(stores, session_id) == ["a", "A", "x", "X"]


async def test_a_further_answer_is_a_sibling_and_the_head(stores: Stores) -> None:
    session_id, [_, _, third] = await three_exchanges(stores)
    answer = await again(stores, third[0])
    assert [each.id for each in await stores.messages.siblings(LOCAL, answer)] == [third[1].id, answer.id]
    assert await texts(stores, session_id) == ["a", "A", "b", "B", "c", ""]
    session = await stores.sessions.get(LOCAL, session_id)
    assert (session.head_id, session.message_count) == (answer.id, 7)
    with pytest.raises(Conflict):
        await again(stores, third[0])


async def test_branches_are_answered_at_the_same_time(stores: Stores) -> None:
    session_id, [first, second, third] = await three_exchanges(stores)
    one, two = await again(stores, second[0]), await again(stores, third[0])
    assert [each.id for each in await stores.messages.find_unfinished(LOCAL, session_id)] == [one.id, two.id]
    with pytest.raises(Conflict):
        await ask(stores, session_id, "d", BranchPoint())
    assert await ask(stores, session_id, "d", BranchPoint(follows=first[1].id))


async def test_one_of_several_answers_is_deleted_with_its_branch(stores: Stores) -> None:
    session_id, [_, second, third] = await three_exchanges(stores)
    other = await end(stores, replace(await again(stores, second[0]), content="B2"))
    follow, follow_answer = await ask(stores, session_id, "e", BranchPoint())
    deleted = await stores.messages.delete_exchange(LOCAL, other.id)
    assert deleted == (other.id, follow.id, follow_answer.id)
    assert await texts(stores, session_id) == ["a", "A", "b", "B", "c", "C"]
    session = await stores.sessions.get(LOCAL, session_id)
    assert (session.head_id, session.message_count) == (third[1].id, 6)


async def test_a_deleted_prompt_leaves_its_branch_to_the_answer_before_it(stores: Stores) -> None:
    session_id, [_, second, _] = await three_exchanges(stores)
    other = await end(stores, replace(await again(stores, second[0]), content="B2"))
    deleted = await stores.messages.delete_exchange(LOCAL, second[0].id)
    assert deleted == (second[0].id, second[1].id, other.id)
    session = await stores.sessions.update(LOCAL, session_id, head_id=(await head_of(stores, session_id)))
    assert session.message_count == 4
    assert await texts(stores, session_id) == ["a", "A", "c", "C"]


async def head_of(stores: Stores, session_id: SessionId) -> MessageId:
    """Return the first message of the session, whose latest message below is a head."""
    return (await stores.messages.page(LOCAL, session_id, PageRequest(first=1))).items[0].id


async def test_the_head_moves_to_the_latest_message_of_a_branch(stores: Stores) -> None:
    session_id, [_, second, _] = await three_exchanges(stores)
    await ask(stores, session_id, "b2", BranchPoint(edits=second[0].id))
    await stores.sessions.update(LOCAL, session_id, head_id=second[0].id)
    assert await texts(stores, session_id) == ["a", "A", "b", "B", "c", "C"]


async def test_messages_of_other_sessions_are_unknown(stores: Stores) -> None:
    session_id, _ = await three_exchanges(stores)
    other, [foreign, _, _] = await three_exchanges(stores)
    for point, field in (
        (BranchPoint(edits=foreign[0].id), "edits_message_id"),
        (BranchPoint(follows=foreign[1].id), "parent_id"),
    ):
        with pytest.raises(NotFound) as raised:
            await ask(stores, session_id, "x", point)
        assert raised.value.field == field
    with pytest.raises(NotFound):
        await stores.sessions.update(LOCAL, session_id, head_id=foreign[0].id)
    assert other != session_id


async def test_a_message_of_the_wrong_role_is_reported_as_such(stores: Stores) -> None:
    session_id, [(prompt, answer), _, _] = await three_exchanges(stores)
    with pytest.raises(InvalidInput, match=r"^The message is an answer\. Only a prompt can be edited\.$") as edited:
        await ask(stores, session_id, "x", BranchPoint(edits=answer.id))
    assert edited.value.field == "edits_message_id"
    with pytest.raises(
        InvalidInput, match=r"^The message is a prompt\. A prompt can only follow an answer\.$"
    ) as followed:
        await ask(stores, session_id, "x", BranchPoint(follows=prompt.id))
    assert followed.value.field == "parent_id"


async def test_a_fork_has_copies_of_the_messages_up_to_one(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    session = await stores.session("Bolts", document.id)
    await ask(stores, session.id, "a", BranchPoint())
    prompt, answer = await stores.exchange(session.id, "What torque?", "35 Nm [1].", cite(document, None))
    await ask(stores, session.id, "c", BranchPoint())
    fork = await stores.sessions.fork(LOCAL, answer.id, "Fork")
    assert await texts(stores, fork.id) == ["a", "A", "What torque?", "35 Nm [1]."]
    assert (fork.name, fork.message_count) == ("Fork", 4)
    assert await stores.sessions.document_ids(LOCAL, fork.id) == (document.id,)
    assert fork.head_id is not None
    copy = await stores.messages.get(LOCAL, fork.head_id)
    assert (copy.id != answer.id, copy.citations, copy.created_at) == (True, answer.citations, answer.created_at)
    await stores.sessions.delete(LOCAL, session.id)
    assert await texts(stores, fork.id) == ["a", "A", "What torque?", "35 Nm [1]."]
    assert prompt.id != copy.parent_id


async def test_an_unfinished_answer_cannot_be_the_end_of_a_fork(stores: Stores) -> None:
    _, answer, _ = await stores.ask((await stores.session()).id)
    with pytest.raises(Conflict):
        await stores.sessions.fork(LOCAL, answer.id, None)
