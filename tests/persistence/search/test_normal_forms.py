"""Texts that differ only in case or Unicode form are equal in names, tags, filters, searches, quotations and highlights."""

import unicodedata
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from persistence.search.tokenizer import SearchedText, index_tokens, search_form
from records.document import DocumentChanges
from records.filters import DocumentFilter, ModelFilter, Order, SessionFilter
from records.ids import ModelId
from records.page import PageRequest
from records.session import MessageStatus, ThinkingMode
from records.values.text import comparison_key
from tests.access import LOCAL
from tests.persistence.stores import Stores
from tests.support.builders import make_model

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")
EQUAL = [
    ("Überweisung", "U\u0308BERWEISUNG"),
    ("Straße", "STRASSE"),
    ("GROẞ", "gross"),
    ("ﬁlter", "FILTER"),
    ("Ｆｕｌｌ１２", "full12"),
    ("한국어", unicodedata.normalize("NFD", "한국어")),
    ("ｶﾞｲﾄﾞ", "ガイド"),
    ("Ολυμπος", "ολυμποσ"),
    ("Việt", "Vie\u0302\u0323t"),
    ("йод", unicodedata.normalize("NFD", "ЙОД")),
    ("Å5", "\u212b5"),
    ("हिन्दी", unicodedata.normalize("NFD", "हिन्दी")),
    ("soft\u00adhyphen", "softhyphen"),
    ("İstanbul", "i\u0307stanbul"),
]
DIFFERENT = [("ısı", "isi"), ("cafe", "café"), ("resume", "résumé")]

COMBINING = "".join(
    map(chr, [*range(0x300, 0x370), *range(0x1100, 0x1200), *range(0x3131, 0x3190), *range(0xFF65, 0xFFDD)])
)
TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from(COMBINING + "aeiou ßİıﬁｶ가각คำ中文\u00ad\u200b\u200d")), max_size=12
)


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_texts_of_different_form_have_the_same_key(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_accents_and_the_dotless_i_count_in_comparisons(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@settings(deadline=None, max_examples=500)
@example("\u115f\u0301e\u0301")
@example("\uac2c\u3148\u00ad\u3157")
@given(TEXTS)
def test_keys_and_search_forms_do_not_depend_on_the_form_and_are_stable(text: str) -> None:
    for function in (comparison_key, search_form):
        expected = function(text)
        assert function(expected) == expected
        assert {function(unicodedata.normalize(form, text)) for form in FORMS} == {expected}


@settings(deadline=None, max_examples=500)
@example("i\u0360\u115f\u0365")
@given(TEXTS)
def test_the_places_of_a_search_form_cover_the_text_in_order(text: str) -> None:
    searched = SearchedText(text)
    assert searched.form == search_form(text)
    spans = [searched.span(index, index + 1) for index in range(len(searched.form))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@settings(deadline=None)
@given(TEXTS)
def test_the_full_text_index_splits_tokens_at_spaces_only(text: str) -> None:
    tokens = index_tokens(text).split(" ")
    assert tokens == [""] or all(token and not any(c.isascii() and not c.isalnum() for c in token) for token in tokens)


async def named(stores: Stores, filter: DocumentFilter) -> list[str]:
    page = await stores.documents.page(LOCAL, filter, Order("NAME", descending=False), PageRequest(first=100))
    return [document.name for document in page.items]


@pytest.mark.parametrize(("one", "other"), EQUAL)
async def test_documents_are_filtered_by_name_and_tag_in_any_form(stores: Stores, one: str, other: str) -> None:
    await stores.add("unrelated.txt", tags=("unrelated",))
    first, second = await stores.add(f"{one}.md", tags=(one, other)), await stores.add(f"x {other}.md", tags=(other,))
    assert first.tags == (one,), "equal tags are stored once"
    for asked in (one, other):
        assert set(await named(stores, DocumentFilter(name_contains=asked))) == {f"{one}.md", f"x {other}.md"}
        assert set(await named(stores, DocumentFilter(tags=(asked, one)))) == {f"{one}.md", f"x {other}.md"}
    changed = await stores.documents.update(LOCAL, second.id, DocumentChanges(tags=(other, one, "more")))
    assert changed.tags == (other, "more")


@pytest.mark.parametrize(("one", "other"), EQUAL)
async def test_sessions_are_found_by_name_message_and_model_in_any_form(stores: Stores, one: str, other: str) -> None:
    sessions = [await stores.session(f"About {text}") for text in (one, other)]
    quiet = await stores.session("Quiet")
    await stores.exchange(quiet.id, f"What is {one}?", f"It is {other}.")
    _, answer, _ = await stores.messages.start_exchange(
        LOCAL,
        sessions[0].id,
        "q",
        thinking_mode=ThinkingMode.DIRECT,
        model_id=ModelId("m"),
        model_name=one,
        idempotency_key=None,
    )
    await stores.messages.finish(LOCAL, replace(answer, status=MessageStatus.COMPLETED))
    for asked in (one, other):
        found = await stores.sessions.page(LOCAL, SessionFilter(query=asked), Order("CREATED_AT"), PageRequest(first=9))
        assert {session.id for session in found.items} == {*(session.id for session in sessions), quiet.id}
        by_model = await stores.sessions.page(
            LOCAL, SessionFilter(model_name=asked), Order("NAME"), PageRequest(first=9)
        )
        assert [session.id for session in by_model.items] == [sessions[0].id]


@pytest.mark.parametrize(("one", "other"), EQUAL)
@pytest.mark.parametrize("quote", ["{}", '"{}"', "“the {} works”"])
async def test_chunks_are_found_and_highlighted_in_any_form(stores: Stores, one: str, other: str, quote: str) -> None:
    texts = [f"Here the {text} works." for text in (one, other)]
    await stores.ingest("unrelated", *texts)
    for asked in (one, other):
        query = quote.format(asked)
        assert set(await stores.found(query)) == set(texts)
        for text, word in zip(texts, (one, other), strict=True):
            marked = "".join(text[span.start : span.end] for span in stores.keywords.spans(text, query))
            assert word in marked


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Das Café in Zürich", "Zürich"),
        ("저는 한국어를 배웁니다", "한국어"),
        ("ภาษาไทยง่ายมาก", "ง่าย"),
        ("ガイドブックを読む", "ブック"),
        ("Здесь йод", "йод"),
    ],
)
async def test_highlights_are_spans_of_the_original_text(stores: Stores, text: str, word: str, form: Form) -> None:
    written = unicodedata.normalize(form, text)
    [span] = stores.keywords.spans(written, unicodedata.normalize("NFC", word))
    assert unicodedata.normalize("NFC", written[span.start : span.end]) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize("query", ["ง่าย", "ไทย", "ภาษา"])
async def test_words_inside_a_text_without_spaces_are_found(stores: Stores, query: str) -> None:
    await stores.ingest("ภาษาไทยง่ายมาก", "อาหาร")
    assert await stores.found(query) == ["ภาษาไทยง่ายมาก"]


async def test_quotations_with_accents_match_the_same_accents_alone(stores: Stores) -> None:
    await stores.ingest("Un café noir.", "Un cafe noir.")
    assert await stores.found('"cafe\u0301"') == ["Un café noir."]
    assert await stores.found('"cafe"') == ["Un cafe noir."]
    assert len(await stores.found("café")) == 2


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_models_are_filtered_by_name_in_any_form(one: str, other: str) -> None:
    assert ModelFilter(name_contains=other).matches(make_model(name=f"x {one} y"))
