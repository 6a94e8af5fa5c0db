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
from tests.access import LOCAL
from tests.persistence.stores import Stores

NEWEST = Order("LAST_MESSAGE_AT")


async def names(stores: Stores, filter: SessionFilter, order: Order = NEWEST) -> list[str]:
    page = await stores.sessions.page(LOCAL, filter, order, PageRequest(first=100))
    assert await stores.sessions.count(LOCAL, filter) == len(page.items)
    return [session.name for session in page.items]


async def test_a_stored_session_is_returned_unchanged(stores: Stores) -> None:
    a, b = await stores.add("a"), await stores.add("b")
    settings = SessionSettings(
        ModelId("m"), "Be brief.", ThinkingMode.HYBRID, DocumentScope.ALL, 7, 0.25, True, 3,
        SamplingSettings(seed=5, stop=(), extra={"x": None}),
    )  # fmt: skip
    session = await stores.sessions.create(LOCAL, "Bolts", [b.id, a.id, b.id], settings)
    assert session.settings == settings
    assert await stores.sessions.get(LOCAL, session.id) == session
    assert await stores.sessions.document_ids(LOCAL, session.id) == (b.id, a.id)


async def test_an_update_changes_the_provided_fields_only(stores: Stores) -> None:
    document = await stores.add()
    session = await stores.session("Bolts", document.id)
    assert (await stores.sessions.update(LOCAL, session.id, name="Nuts")).archived is False
    assert (await stores.sessions.update(LOCAL, session.id, archived=True)).name == "Nuts"
    changed = await stores.sessions.update(LOCAL, session.id, settings=SessionSettings(top_k=9))
    assert (changed.settings.top_k, changed.archived) == (9, True)
    assert await stores.sessions.document_ids(LOCAL, session.id) == (document.id,)
    await stores.sessions.update(LOCAL, session.id, document_ids=[])
    assert await stores.sessions.document_ids(LOCAL, session.id) == ()


async def test_an_unknown_session_raises_not_found(stores: Stores) -> None:
    missing = SessionId(404)
    assert await stores.sessions.find(LOCAL, missing) is None
    for call in (
        stores.sessions.get(LOCAL, missing),
        stores.sessions.update(LOCAL, missing),
        stores.sessions.delete(LOCAL, missing),
    ):
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.kind == "session"


async def test_the_receipt_of_a_deletion_counts_erased_items(stores: Stores) -> None:
    document = await stores.add()
    session = await stores.session("Bolts", document.id)
    await stores.exchange(session.id, "What torque?", "35 Nm")
    await stores.ask(session.id, "And bolt B?")
    receipt = await stores.sessions.delete(LOCAL, session.id)
    assert (receipt.messages, receipt.keyword_entries) == (4, 4)
    assert receipt.bytes == len("What torque?35 NmAnd bolt B?")
    assert await stores.sessions.find(LOCAL, session.id) is None
    assert await names(stores, SessionFilter(query="torque")) == []
    assert await stores.documents.find(LOCAL, document.id) is not None


async def test_sessions_of_a_document_are_listed(stores: Stores) -> None:
    document = await stores.add()
    await stores.session("other")
    session = await stores.session("Bolts", document.id)
    assert (await stores.sessions.of_document(LOCAL, document.id, PageRequest(first=5))).items == (session,)
    assert await stores.sessions.count_of_document(LOCAL, document.id) == 1


async def test_a_search_finds_sessions_that_contain_every_word(stores: Stores) -> None:
    bolts, nuts = await stores.session("About bolts"), await stores.session("About nuts")
    await stores.exchange(bolts.id, "Which torque?", "35 Nm, 图书馆.")
    await stores.exchange(nuts.id, "Which size?", "M8-x1, not torque")
    assert await names(stores, SessionFilter(query="torques bolt")) == ["About bolts"]
    assert await names(stores, SessionFilter(query="about torque")) == ["About nuts", "About bolts"]
    assert await names(stores, SessionFilter(query="书馆")) == ["About bolts"]
    assert await names(stores, SessionFilter(query='m8-X1 "')) == ["About nuts"]
    assert await names(stores, SessionFilter(query="torque AND OR")) == []
    assert await names(stores, SessionFilter(query='"*')) == []
    assert len(await names(stores, SessionFilter(query=" "))) == 2


async def test_an_answer_is_searchable_after_it_has_ended(stores: Stores) -> None:
    session = await stores.session()
    _, answer, _ = await stores.ask(session.id, "Which?")
    for content in ("alpha", "alpha beta"):
        await stores.messages.checkpoint(
            LOCAL, AnswerProgress(answer.id, MessageStatus.GENERATING, content, "", True, None)
        )
    assert await names(stores, SessionFilter(query="alpha")) == []
    done = await stores.messages.finish(LOCAL, replace(answer, status=MessageStatus.COMPLETED, content="gamma"))
    assert await names(stores, SessionFilter(query="gamma")) == ["Bolts"]
    await stores.messages.finish(LOCAL, replace(done, content="delta"))
    assert await names(stores, SessionFilter(query="gamma")) == []
    await stores.messages.delete_exchange(LOCAL, answer.id)
    assert await names(stores, SessionFilter(query="delta")) == []


async def test_a_renamed_session_is_found_by_its_new_name(stores: Stores) -> None:
    session = await stores.session("Bolts")
    await stores.sessions.update(LOCAL, session.id, name="Nuts")
    assert await names(stores, SessionFilter(query="bolts")) == []
    assert await names(stores, SessionFilter(query="nuts")) == ["Nuts"]


async def test_relevance_ranks_the_best_session_first(stores: Stores) -> None:
    named = await stores.session("Torque")
    said = await stores.session("Said")
    await stores.session("Neither")
    await stores.exchange(said.id, "q", "the torque among very many other words that are not about it at all")
    await stores.exchange(named.id, "q", "torque torque")
    best_last = Order("RELEVANCE", descending=False)
    assert await names(stores, SessionFilter(query="torque"), Order("RELEVANCE")) == ["Torque", "Said"]
    assert await names(stores, SessionFilter(query="torque"), best_last) == ["Said", "Torque"]
    assert await names(stores, SessionFilter(), Order("RELEVANCE")) == ["Torque", "Said", "Neither"]


async def test_lists_are_filtered(stores: Stores) -> None:
    document = await stores.add()
    first = await stores.session("first", document.id)
    second = await stores.session("second")
    await stores.exchange(second.id, "q", "a")
    first = await stores.sessions.update(LOCAL, first.id, archived=True)
    assert await names(stores, SessionFilter(archived=True)) == ["first"]
    assert await names(stores, SessionFilter(archived=False)) == ["second"]
    assert await names(stores, SessionFilter(document_id=document.id)) == ["first"]
    assert await names(stores, SessionFilter(model_name="Small")) == ["second"]
    moment = timedelta(microseconds=1)
    assert await names(stores, SessionFilter(updated_after=first.updated_at - moment)) == ["first"]
    assert await names(stores, SessionFilter(updated_before=first.updated_at)) == ["second"]


async def test_settings_of_models_and_the_default_model_are_stored(stores: Stores) -> None:
    store, model, other = stores.model_settings, ModelId("m"), ModelId("other")
    assert (await store.find(model), await store.default_model()) == (None, None)
    await store.set_default_model(model)
    assert (await store.find(model), await store.default_model()) == (None, model)
    asked = (LoadRequest(context_length=4096, flash_attention=True), SamplingSettings(temperature=0.0))
    await store.save(model, *asked)
    await store.set_default_model(other)
    await store.set_default_model(other)
    assert (await store.find(model), await store.default_model()) == (asked, other)
