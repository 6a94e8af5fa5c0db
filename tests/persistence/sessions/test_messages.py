import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from records.answer import AnswerProgress
from records.codes import ErrorCode
from records.errors import Conflict, NotFound
from records.filters import Order, SessionFilter
from records.ids import ChunkId, MessageId, SessionId
from records.page import PageRequest
from records.session import (
    ContextBudget,
    FinishReason,
    GenerationDetails,
    MessageError,
    MessageRating,
    MessageRecord,
    MessageRole,
    MessageStatus,
    SamplingSettings,
    ThinkingMode,
    TokenUsage,
)
from tests.access import LOCAL, SYSTEM
from tests.persistence.stores import Stores, cite

DETAILS = GenerationDetails(
    sampling=SamplingSettings(temperature=0.5, stop=("END",), extra={"seed": [1]}),
    usage=TokenUsage(100, 40, 20, 5),
    finish_reason=FinishReason.STOP,
    queued_ms=1.5,
    retrieval_ms=None,
    time_to_first_token_ms=20.0,
    tokens_per_second=90.0,
    budget=ContextBudget(8192, documents=50),
    prompt=None,
)


async def path(stores: Stores, session_id: SessionId) -> list[MessageRecord]:
    page = await stores.messages.page(LOCAL, session_id, PageRequest(first=100))
    assert await stores.messages.count(LOCAL, session_id) == len(page.items)
    return list(page.items)


async def test_a_prompt_and_its_answer_are_stored_together(stores: Stores) -> None:
    session = await stores.session()
    prompt, answer, known = await stores.ask(session.id, "What torque?")
    assert not known
    assert (prompt.role, prompt.status, prompt.content) == (MessageRole.USER, MessageStatus.COMPLETED, "What torque?")
    assert (answer.role, answer.status, answer.parent_id) == (MessageRole.ASSISTANT, MessageStatus.PENDING, prompt.id)
    assert (answer.model_name, answer.thinking_mode) == ("Small", ThinkingMode.RAG)
    assert await path(stores, session.id) == [prompt, answer]
    after = await stores.sessions.get(LOCAL, session.id)
    assert (after.head_id, after.message_count, after.last_message_at) == (answer.id, 2, prompt.created_at)


async def test_a_known_idempotency_key_returns_the_stored_exchange(stores: Stores) -> None:
    session, other = await stores.session(), await stores.session()
    prompt, answer, _ = await stores.ask(session.id, "What torque?", "key")
    assert await stores.ask(session.id, "Anything", "key") == (prompt, answer, True)
    assert (await stores.ask(other.id, "What torque?", "key"))[2] is False


async def test_a_session_has_one_unfinished_answer(stores: Stores) -> None:
    session = await stores.session()
    outcomes = await asyncio.gather(*(stores.ask(session.id) for _ in range(5)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 4 + ["tuple"]
    assert len(await path(stores, session.id)) == 2


async def test_an_unknown_session_or_message_raises_not_found(stores: Stores) -> None:
    with pytest.raises(NotFound) as raised:
        await stores.ask(SessionId(404))
    assert raised.value.kind == "session"
    _, answer, _ = await stores.ask((await stores.session()).id)
    for call in (
        stores.messages.get(LOCAL, MessageId(404)),
        stores.messages.rate(LOCAL, MessageId(404), MessageRating.UP),
        stores.messages.delete_exchange(LOCAL, MessageId(404)),
        stores.messages.finish(LOCAL, replace(answer, id=MessageId(404))),
    ):
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.kind == "message"
    assert await stores.messages.find(LOCAL, MessageId(404)) is None


async def test_checkpoints_and_the_end_of_an_answer_are_stored(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    [chunk] = await stores.ingested.unembedded(document.id, 1)
    session = await stores.session()
    _, answer, _ = await stores.ask(session.id)
    growing = replace(
        answer, status=MessageStatus.GENERATING, content="35", reasoning="Hm", citations=(cite(document, chunk.id),)
    )
    whole = AnswerProgress(answer.id, growing.status, "3", "Hm", True, growing.citations)
    for progress in (whole, whole, AnswerProgress(answer.id, growing.status, "5", "", False, None)):
        await stores.messages.checkpoint(LOCAL, progress)
    assert await stores.messages.get(LOCAL, answer.id) == growing
    ended = replace(
        growing, status=MessageStatus.COMPLETED, content="35 Nm", generation=DETAILS, completed_at=datetime.now(UTC)
    )
    assert await stores.messages.finish(LOCAL, ended) == ended
    after = await stores.sessions.get(LOCAL, session.id)
    assert (after.usage, after.model_name, after.last_message_at) == (DETAILS.usage, "Small", ended.completed_at)


async def test_a_late_checkpoint_does_not_change_an_ended_answer(stores: Stores) -> None:
    _, answer, _ = await stores.ask((await stores.session()).id)
    ended = await stores.messages.finish(LOCAL, replace(answer, status=MessageStatus.CANCELED, content="35"))
    await stores.messages.checkpoint(LOCAL, AnswerProgress(answer.id, MessageStatus.GENERATING, "3", "", False, ()))
    assert await stores.messages.get(LOCAL, answer.id) == ended


async def test_token_usage_is_added_once(stores: Stores) -> None:
    session = await stores.session()
    for _ in range(2):
        _, answer, _ = await stores.ask(session.id)
        ended = replace(answer, status=MessageStatus.COMPLETED, generation=DETAILS)
        await stores.messages.finish(LOCAL, ended)
        await stores.messages.finish(LOCAL, ended)
    assert (await stores.sessions.get(LOCAL, session.id)).usage == TokenUsage(200, 80, 40, 10)


async def test_a_citation_of_an_erased_document_keeps_its_quote(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    await stores.ingested.erase(document.id)
    _, answer = await stores.exchange((await stores.session()).id, "?", "[1]", cite(document, ChunkId(1)))
    [citation] = (await stores.messages.get(LOCAL, answer.id)).citations
    assert (citation.quote, citation.document_id, citation.chunk_id) == ("35 Nm", None, None)


async def test_unfinished_answers_fail_and_keep_their_text(stores: Stores) -> None:
    session, other = await stores.session(), await stores.session()
    await stores.exchange(other.id, "Done?", "Done.")
    _, answer, _ = await stores.ask(session.id)
    await stores.messages.checkpoint(LOCAL, AnswerProgress(answer.id, MessageStatus.THINKING, "35", "", True, None))
    [failed] = await stores.messages.fail_unfinished(SYSTEM)
    assert (failed.id, failed.status, failed.content) == (answer.id, MessageStatus.FAILED, "35")
    assert isinstance(failed.error, MessageError)
    assert failed.error.code is ErrorCode.INTERRUPTED
    assert await stores.messages.fail_unfinished(SYSTEM) == ()
    assert (await stores.ask(session.id))[2] is False


async def test_the_history_is_the_completed_exchanges_oldest_first(stores: Stores) -> None:
    session = await stores.session()
    exchanges = [await stores.exchange(session.id, f"q{n}", f"a{n}") for n in range(3)]
    _, canceled, _ = await stores.ask(session.id, "no")
    await stores.messages.finish(LOCAL, replace(canceled, status=MessageStatus.CANCELED))
    prompt, _, _ = await stores.ask(session.id, "now")
    history = partial(stores.messages.history, LOCAL)
    assert await history(prompt.id, 2) == (*exchanges[1], *exchanges[2])
    assert await history(prompt.id, 99) == (*exchanges[0], *exchanges[1], *exchanges[2])
    assert await history(exchanges[1][0].id, 99) == exchanges[0]
    assert await history(prompt.id, 0) == ()


@pytest.mark.parametrize("by_answer", [False, True])
async def test_the_messages_after_a_deleted_exchange_get_a_new_parent(stores: Stores, by_answer: bool) -> None:
    session = await stores.session()
    first, second, third = [await stores.exchange(session.id, f"q{n}", f"a{n}") for n in range(3)]
    assert await stores.messages.delete_exchange(LOCAL, second[by_answer].id) == (second[0].id, second[1].id)
    assert [message.content for message in await path(stores, session.id)] == ["q0", "a0", "q2", "a2"]
    assert (await stores.messages.get(LOCAL, third[0].id)).parent_id == first[1].id
    await stores.messages.delete_exchange(LOCAL, third[by_answer].id)
    after = await stores.sessions.get(LOCAL, session.id)
    assert (after.head_id, after.message_count) == (first[1].id, 2)
    await stores.messages.delete_exchange(LOCAL, first[by_answer].id)
    assert (await stores.sessions.get(LOCAL, session.id)).head_id is None


async def test_a_deleted_exchange_is_subtracted_from_its_session(stores: Stores) -> None:
    session = await stores.session()
    exchanges = []
    for number in range(2):
        prompt, answer, _ = await stores.ask(session.id, f"q{number}")
        done = replace(answer, status=MessageStatus.COMPLETED, generation=DETAILS, completed_at=datetime.now(UTC))
        exchanges.append((prompt, await stores.messages.finish(LOCAL, done)))
    await stores.messages.delete_exchange(LOCAL, exchanges[1][0].id)
    after = await stores.sessions.get(LOCAL, session.id)
    assert (after.usage, after.message_count, after.model_name) == (DETAILS.usage, 2, "Small")
    assert after.last_message_at == exchanges[0][1].completed_at
    await stores.messages.delete_exchange(LOCAL, exchanges[0][1].id)
    after = await stores.sessions.get(LOCAL, session.id)
    assert (after.usage, after.message_count, after.last_message_at) == (TokenUsage(), 0, None)
    assert (after.model_id, after.model_name, after.head_id) == (None, None, None)
    listed = await stores.sessions.page(LOCAL, SessionFilter(), Order("LAST_MESSAGE_AT"), PageRequest(first=10))
    assert [each.id for each in listed.items] == [session.id]


async def test_an_exchange_is_found_by_its_key_and_an_unfinished_answer_by_its_session(stores: Stores) -> None:
    session, other = await stores.session(), await stores.session()
    prompt, answer, _ = await stores.ask(session.id, "What torque?", "key")
    assert await stores.messages.find_exchange(LOCAL, session.id, "key") == (prompt, answer)
    assert await stores.messages.find_exchange(LOCAL, session.id, "other") is None
    assert await stores.messages.find_exchange(LOCAL, other.id, "key") is None
    assert await stores.messages.find_unfinished(LOCAL, session.id) == (answer,)
    assert await stores.messages.find_unfinished(LOCAL, other.id) == ()
    ended = await stores.messages.finish(LOCAL, replace(answer, status=MessageStatus.CANCELED))
    assert await stores.messages.find_exchange(LOCAL, session.id, "key") == (prompt, ended)
    assert await stores.messages.find_unfinished(LOCAL, session.id) == ()


async def test_deleting_an_unfinished_exchange_raises_conflict(stores: Stores) -> None:
    prompt, answer, _ = await stores.ask((await stores.session()).id)
    for message in (prompt, answer):
        with pytest.raises(Conflict):
            await stores.messages.delete_exchange(LOCAL, message.id)


async def test_a_rating_can_be_cleared(stores: Stores) -> None:
    _, answer = await stores.exchange((await stores.session()).id, "q", "a")
    assert (await stores.messages.rate(LOCAL, answer.id, MessageRating.DOWN)).rating is MessageRating.DOWN
    assert (await stores.messages.rate(LOCAL, answer.id, None)).rating is None
