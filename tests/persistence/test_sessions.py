from dataclasses import replace
from datetime import timedelta

import pytest

from records.answer import AnswerProgress
from records.errors import NotFound
from records.filters import Order, SessionFilter
from records.ids import ModelId, SessionId
from records.model import LoadRequest
from records.page import PageRequest
from records.session import (
    DocumentScope,
    MessageStatus,
    SamplingSettings,
    SessionSettings,
    ThinkingMode,
)
from tests.persistence.shelf import Shelf

NEWEST = Order("LAST_MESSAGE_AT")


async def names(shelf: Shelf, filter: SessionFilter, order: Order = NEWEST) -> list[str]:
    page = await shelf.sessions.page(filter, order, PageRequest(first=100))
    assert await shelf.sessions.count(filter) == len(page.items)
    return [session.name for session in page.items]


async def test_a_session_comes_back_as_it_was_made(shelf: Shelf) -> None:
    a, b = await shelf.add("a"), await shelf.add("b")
    settings = SessionSettings(
        ModelId("m"), "Be brief.", ThinkingMode.HYBRID, DocumentScope.ALL, 7, 0.25, True, 3,
        SamplingSettings(seed=5, stop=(), extra={"x": None}),
    )  # fmt: skip
    session = await shelf.sessions.create("Bolts", [b.id, a.id, b.id], settings)
    assert session.settings == settings
    assert await shelf.sessions.get(session.id) == session
    assert await shelf.sessions.document_ids(session.id) == (b.id, a.id)


async def test_only_what_is_given_changes(shelf: Shelf) -> None:
    document = await shelf.add()
    session = await shelf.session("Bolts", document.id)
    assert (await shelf.sessions.update(session.id, name="Nuts")).archived is False
    assert (await shelf.sessions.update(session.id, archived=True)).name == "Nuts"
    changed = await shelf.sessions.update(session.id, settings=SessionSettings(top_k=9))
    assert (changed.settings.top_k, changed.archived) == (9, True)
    assert await shelf.sessions.document_ids(session.id) == (document.id,)
    await shelf.sessions.update(session.id, document_ids=[])
    assert await shelf.sessions.document_ids(session.id) == ()


async def test_a_missing_session_is_named(shelf: Shelf) -> None:
    missing = SessionId(404)
    assert await shelf.sessions.find(missing) is None
    for call in (shelf.sessions.get(missing), shelf.sessions.update(missing), shelf.sessions.delete(missing)):
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.kind == "session"


async def test_deleting_counts_what_is_gone(shelf: Shelf) -> None:
    document = await shelf.add()
    session = await shelf.session("Bolts", document.id)
    await shelf.exchange(session.id, "What torque?", "35 Nm")
    await shelf.ask(session.id, "And bolt B?")
    receipt = await shelf.sessions.delete(session.id)
    assert (receipt.messages, receipt.keyword_entries) == (4, 4)
    assert receipt.bytes == len("What torque?35 NmAnd bolt B?")
    assert await shelf.sessions.find(session.id) is None
    assert await names(shelf, SessionFilter(query="torque")) == []
    assert await shelf.documents.find(document.id) is not None


async def test_sessions_of_a_document_are_listed(shelf: Shelf) -> None:
    document = await shelf.add()
    await shelf.session("other")
    session = await shelf.session("Bolts", document.id)
    assert (await shelf.sessions.of_document(document.id, PageRequest(first=5))).items == (session,)
    assert await shelf.sessions.count_of_document(document.id) == 1


async def test_every_word_of_a_search_stands_somewhere_in_the_session(shelf: Shelf) -> None:
    bolts, nuts = await shelf.session("About bolts"), await shelf.session("About nuts")
    await shelf.exchange(bolts.id, "Which torque?", "35 Nm, 图书馆.")
    await shelf.exchange(nuts.id, "Which size?", "M8-x1, not torque")
    assert await names(shelf, SessionFilter(query="torques bolt")) == ["About bolts"]
    assert await names(shelf, SessionFilter(query="about torque")) == ["About nuts", "About bolts"]
    assert await names(shelf, SessionFilter(query="书馆")) == ["About bolts"]
    assert await names(shelf, SessionFilter(query='m8-X1 "')) == ["About nuts"]
    assert await names(shelf, SessionFilter(query="torque AND OR")) == []
    assert await names(shelf, SessionFilter(query='"*')) == []
    assert len(await names(shelf, SessionFilter(query=" "))) == 2


async def test_words_of_an_answer_are_found_once_it_has_ended(shelf: Shelf) -> None:
    session = await shelf.session()
    _, answer, _ = await shelf.ask(session.id, "Which?")
    for content in ("alpha", "alpha beta"):
        await shelf.messages.checkpoint(AnswerProgress(answer.id, MessageStatus.GENERATING, content, "", True, None))
    assert await names(shelf, SessionFilter(query="alpha")) == []
    done = await shelf.messages.finish(replace(answer, status=MessageStatus.COMPLETED, content="gamma"))
    assert await names(shelf, SessionFilter(query="gamma")) == ["Bolts"]
    await shelf.messages.finish(replace(done, content="delta"))
    assert await names(shelf, SessionFilter(query="gamma")) == []
    await shelf.messages.delete_exchange(answer.id)
    assert await names(shelf, SessionFilter(query="delta")) == []


async def test_a_renamed_session_is_found_by_its_new_name(shelf: Shelf) -> None:
    session = await shelf.session("Bolts")
    await shelf.sessions.update(session.id, name="Nuts")
    assert await names(shelf, SessionFilter(query="bolts")) == []
    assert await names(shelf, SessionFilter(query="nuts")) == ["Nuts"]


async def test_relevance_puts_the_best_first(shelf: Shelf) -> None:
    named = await shelf.session("Torque")
    said = await shelf.session("Said")
    await shelf.session("Neither")
    await shelf.exchange(said.id, "q", "the torque among very many other words that are not about it at all")
    await shelf.exchange(named.id, "q", "torque torque")
    best_last = Order("RELEVANCE", descending=False)
    assert await names(shelf, SessionFilter(query="torque"), Order("RELEVANCE")) == ["Torque", "Said"]
    assert await names(shelf, SessionFilter(query="torque"), best_last) == ["Said", "Torque"]
    assert await names(shelf, SessionFilter(), Order("RELEVANCE")) == ["Torque", "Said", "Neither"]


async def test_lists_are_filtered(shelf: Shelf) -> None:
    document = await shelf.add()
    first = await shelf.session("first", document.id)
    second = await shelf.session("second")
    await shelf.exchange(second.id, "q", "a")
    first = await shelf.sessions.update(first.id, archived=True)
    assert await names(shelf, SessionFilter(archived=True)) == ["first"]
    assert await names(shelf, SessionFilter(archived=False)) == ["second"]
    assert await names(shelf, SessionFilter(document_id=document.id)) == ["first"]
    assert await names(shelf, SessionFilter(model_name="Small")) == ["second"]
    moment = timedelta(microseconds=1)
    assert await names(shelf, SessionFilter(updated_after=first.updated_at - moment)) == ["first"]
    assert await names(shelf, SessionFilter(updated_before=first.updated_at)) == ["second"]


async def test_models_keep_what_was_asked_of_them(shelf: Shelf) -> None:
    store, model, other = shelf.model_settings, ModelId("m"), ModelId("other")
    assert (await store.find(model), await store.default_model()) == (None, None)
    await store.set_default_model(model)
    assert (await store.find(model), await store.default_model()) == (None, model)
    asked = (LoadRequest(context_length=4096, flash_attention=True), SamplingSettings(temperature=0.0))
    await store.save(model, *asked)
    await store.set_default_model(other)
    await store.set_default_model(other)
    assert (await store.find(model), await store.default_model()) == (asked, other)
