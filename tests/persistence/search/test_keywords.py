import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from records.document import DocumentStatus
from records.retrieval import TextSpan
from tests.access import LOCAL
from tests.persistence.stores import Stores

TORQUE = "Bolt A takes a torque of 35 Nm."


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("What torque does bolt A take?", TORQUE),
        ("TORQUES", TORQUE),
        ("X-200/b", "The X-200/b is old."),
        ("x-200/B?", "The X-200/b is old."),
        ("200", "The X-200/b is old."),
        ("snake_case", "Call snake_case()."),
        ("naïve café", "A cafe."),
        ("don't panic", "Panic!"),
        ("中文", "我会说中文。"),
        ("文", "我会说中文。"),
        ("说", "我会说中文。"),
        ("説明書", "取扱説明書をお読みください"),
        ("한국어", "저는 한국어를 배웁니다"),
        ("python", "Python入門"),
        ("入門 book", "Python入門"),
        ("हिन्दी", "यह हिन्दी है"),
        ("ß Straße", "Die Straße ist nass."),
    ],
)
async def test_words_are_found(stores: Stores, query: str, text: str) -> None:
    await stores.ingest("Unrelated text.", text)
    assert await stores.found(query) == [text]


async def test_frequent_words_in_short_chunks_rank_first(stores: Stores) -> None:
    await stores.ingest("torque " + "and many other words " * 20, "torque torque", "bolts")
    hits = await stores.keywords.search(LOCAL, "torque", 10, None)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert (await stores.found("torque"))[0] == "torque torque"


async def test_headings_weigh_as_much_as_the_text(stores: Stores) -> None:
    await stores.ingest("It takes 35 Nm.", context="Torque and bolts", name="a")
    await stores.ingest("Torque and bolts", context="It takes 35 Nm.", name="b")
    first, second = await stores.keywords.search(LOCAL, "torque", 10, None)
    assert first.score == pytest.approx(second.score)


@pytest.mark.parametrize("query", ["", '"', '"" ()', "***", "\ud800", "\0", "😀", "- + ^ :"])
async def test_a_query_without_words_has_no_hits(stores: Stores, query: str) -> None:
    document = await stores.ingest(TORQUE, "not near or and")
    assert await stores.found(query) == []
    assert await stores.found(query, document.id) == []


@example("0\ud800")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(max_codepoint=sys.maxunicode), max_size=40))
async def test_no_character_is_an_operator(stores: Stores, query: str) -> None:
    document = await stores.add()
    if not document.chunk_count:
        document = await stores.ingest(TORQUE)
    await stores.keywords.search(LOCAL, query, 5, None)
    await stores.keywords.search(LOCAL, query, 5, [document.id])
    for span in stores.keywords.spans(query + TORQUE, query):
        assert 0 <= span.start < span.end <= len(query + TORQUE)


@pytest.mark.parametrize(
    "query", ["x" * 10_000, "a1 " * 5_000, " ".join(f"word{n}" for n in range(2_000)), "中" * 10_000]
)
async def test_long_queries_are_bounded(stores: Stores, query: str) -> None:
    await stores.ingest("word7 中中")
    assert await stores.found(query) in ([], ["word7 中中"])


async def test_a_filter_of_any_size_restricts_the_documents(stores: Stores) -> None:
    ids = [(await stores.ingest(f"Bolt {n}", name=f"{n}.txt")).id for n in range(120)]
    assert await stores.found("bolt", ids[1]) == ["Bolt 1"]
    assert await stores.found("bolt", ids[11], ids[1]) == ["Bolt 1", "Bolt 11"]
    assert len(await stores.found("bolt", *ids[:110], limit=200)) == 110
    assert await stores.keywords.search(LOCAL, "bolt", 10, []) == ()


async def test_hidden_chunks_do_not_count_towards_the_limit(stores: Stores) -> None:
    for n in range(5):
        hidden = await stores.ingest("bolt " * 9, name=f"{n}.txt")
        await stores.ingested.set_status(hidden.id, DocumentStatus.FAILED)
    await stores.ingest("one bolt among a few other words", "and another bolt among a few others")
    assert len(await stores.found("bolt", limit=1)) == 1
    assert len(await stores.found("bolt", limit=2)) == 2


async def test_highlights_agree_with_the_index_on_words(stores: Stores) -> None:
    text = "Bolts are bolted; 我会说中文。 X-200/b \x01"
    marked = [text[span.start : span.end] for span in stores.keywords.spans(text, "bolt 中文 x-200/B 🔩")]
    assert marked == ["Bolts", "bolted", "中文", "X-200/b"]
    assert stores.keywords.spans("torque 🔩 torque", "torque") == (TextSpan(0, 6), TextSpan(9, 15))
    assert stores.keywords.spans("torque", "the") == ()
