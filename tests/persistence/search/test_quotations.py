"""Quotations in queries are matched exactly, and part numbers rank before similar ones."""

import pytest

from tests.access import LOCAL
from tests.persistence.stores import Stores


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('"bolt joint"', "A bolt joint is tight."),
        ('"Bolt\u00a0JOINT" torque', "A bolt\njoint is tight."),
        ('“bolt joint”', "A bolt joint is tight."),
        ('„bolt joint“ torque', "A bolt joint is tight."),
        ('say: "to be or not to be"', "To be, or not to be? No: to be or not to be!"),
        ('"don’t panic"', "He said: don't panic."),
        ('"state‑of-the-art"', "A state-of-the-art pump."),
        ('"café"', "Un cafe\u0301 noir."),
        ('"snake_case"', "Call snake_case()."),
        ('"C++"', "It is written in C++ alone."),
        ('"1.2"', "Version 1.2."),
        ('"说中文"', "我会说中文。"),
        ('"文"', "我会说中文。"),
        ('"Python入門"', "この Python入門 は新しい。"),
    ],
)  # fmt: skip
async def test_a_passage_with_the_quotation_is_found(stores: Stores, query: str, text: str) -> None:
    await stores.ingest("Unrelated text.", text)
    assert await stores.found(query) == [text]


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ('"bolt joint"', "The joint has a bolt."),
        ('"bolt joint"', "Bolted joints are tight."),
        ('"bolt joint" torque', "The torque of a bolt, and of a joint: torque, torque."),
        ('"the bolt"', "These bolts. A bolt is the part."),
        ('"1.2"', "Version 1.2.1 and 11.2 and 1.25."),
        ('"AB-1234/x"', "The AB-1234/y, and x."),
        ('"snake_case"', "A snake, case by case, snake-case."),
        ('"中文"', "文中有中。"),
        ('"bolt" "nut"', "A bolt alone."),
    ],
)
async def test_a_passage_without_the_exact_quotation_is_not_found(stores: Stores, query: str, other: str) -> None:
    await stores.ingest(other)
    assert await stores.found(query) == []


async def test_a_quotation_in_a_heading_is_found(stores: Stores) -> None:
    await stores.ingest("It takes 35 Nm.", context="Bolt joints › Torque")
    assert await stores.found('"Bolt joints"') == ["It takes 35 Nm."]


async def test_other_words_rank_the_passages_with_the_quotation(stores: Stores) -> None:
    await stores.ingest("bolt joint of a door", "bolt joint of a car with its torque", "torque of a car")
    assert await stores.found('car torque "bolt joint"') == [
        "bolt joint of a car with its torque",
        "bolt joint of a door",
    ]


async def test_a_quotation_is_searched_in_the_filtered_documents_only(stores: Stores) -> None:
    ids = [(await stores.ingest(f"bolt joint {n}", name=f"{n}.txt")).id for n in range(120)]
    assert await stores.found('"bolt joint"', ids[3]) == ["bolt joint 3"]
    assert len(await stores.found('"bolt joint"', *ids[:110], limit=200)) == 110


async def test_candidates_without_the_quotation_do_not_count_towards_the_limit(stores: Stores) -> None:
    await stores.ingest(*["bolted joints " * 3] * 30, "one bolt joint among a few other words")
    assert await stores.found('"bolt joint"', limit=1) == ["one bolt joint among a few other words"]


@pytest.mark.parametrize("query", ['5" pipe and 3" valve', 'the "', '"', '""', '" "', '"…"', 'a"b"c'])
async def test_a_single_quotation_mark_opens_no_quotation(stores: Stores, query: str) -> None:
    assert not stores.keywords.has_quotation(query)
    await stores.ingest("A valve of 3 inches, b")
    assert len(await stores.found(query)) <= 1


async def test_a_loose_search_treats_a_quotation_as_words(stores: Stores) -> None:
    await stores.ingest("The joint has a bolt.")
    assert len(await stores.keywords.search(LOCAL, '"bolt joint"', 5, None, loosely=True)) == 1


@pytest.mark.parametrize("query", ['"' + "bolt " * 1_900 + 'x"', '"a" "b" ' * 1_000, '"' + "中" * 9_000 + '"'])
async def test_long_quotations_are_bounded(stores: Stores, query: str) -> None:
    await stores.ingest("bolt a b 中中")
    assert len(await stores.found(query)) <= 1


async def test_the_whole_quotation_is_highlighted(stores: Stores) -> None:
    text = "To be or not to be, that is it."
    assert [text[span.start : span.end] for span in stores.keywords.spans(text, '"to be or not to be"')] == [
        "To be or not to be"
    ]


NAMES = [
    "AB-1234/x", "AB-1234/y", "AB-1243/x", "read_text_file", "read_file_text", "config.yaml", "config.yml",
    "v2.10.3", "v2.1.3", "v2.10.30", "E4711", "E4712", "CVE-2026-1234", "CVE-2026-1243", "10.0.0.1", "10.0.1.0",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_a_part_number_ranks_before_similar_ones(stores: Stores, name: str) -> None:
    await stores.ingest(*[f"The manual says that {each} needs care, see the manual of {each}." for each in NAMES])
    first = (await stores.found(f"What does {name} need?"))[0]
    assert f"that {name} needs" in first
