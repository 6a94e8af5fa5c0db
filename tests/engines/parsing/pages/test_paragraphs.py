"""Paragraphs, headings and listings from the lines of a page."""

import pytest

from engines.parsing.worker.blocks.block import BlockKind
from tests.engines.parsing.pages.drawn_pages import blocks, page, span, texts

FULL = "A line of text that fills the whole width of its column"


def test_a_paragraph_ends_at_a_gap_and_at_a_short_last_line() -> None:
    lines = [span(FULL, 10), span("and continues. Two ends short.", 11), span(FULL, 12), span(FULL, 15)]
    found = blocks(page(*lines))
    assert texts(found) == [f"{FULL} and continues. Two ends short.", FULL, FULL]
    box = found[0].box
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == (70, 170, 345, 192)


def test_larger_and_bold_lines_are_headings() -> None:
    lines = [span("A great title", 5, size=20), span(FULL, 10), span("Smaller matters", 13, bold=True), span(FULL, 14)]
    found = blocks(page(*lines))
    assert [(block.text, block.level) for block in found if block.kind is BlockKind.HEADING] == [
        ("A great title", 1),
        ("Smaller matters", 4),
    ]


def test_a_superscript_does_not_make_its_line_a_heading() -> None:
    lines = [span("One line before", 10), span("The area is 20 m", 11), span("2", 10.7, left=150, size=6),
             span("and one behind.", 12)]  # fmt: skip
    assert texts(blocks(page(*lines))) == ["One line before The area is 20 m2 and one behind."]


def test_a_bookmark_makes_a_line_a_heading_of_its_level() -> None:
    lines = [span("Plain Words", 10), span(FULL, 13), span("and more", 14)]
    found = blocks(page(*lines), {(1, "plain words"): 2})
    assert (found[0].kind, found[0].level) == (BlockKind.HEADING, 2)


def test_a_bookmark_without_the_number_decides_the_level_of_a_larger_line() -> None:
    lines = [span("2.1 Names", 5, size=18), span(FULL, 10), span("2. Names", 14)]
    assert [block.level for block in blocks(page(*lines), {(1, "names"): 5})] == [5, 0, 0]


def test_the_dotted_number_of_a_heading_decides_its_level() -> None:
    lines = [span("2. Use", 5, size=24), span("2.1. Names", 9, size=18), span("2.1.3 Short names", 13, size=14),
             span(FULL, 16)]  # fmt: skip
    assert [block.level for block in blocks(page(*lines))] == [1, 2, 3, 0]


def test_the_number_does_not_raise_a_heading_above_the_level_of_its_size() -> None:
    lines = [span("4 Use", 5, size=14), span("4.1 Names", 9, size=12), span(FULL, 14)]
    assert [block.level for block in blocks(page(*lines))] == [2, 3, 0]


@pytest.mark.parametrize(
    ("first", "second", "words", "joined"),
    [
        ("the light-", "house", ["lighthouse", "light", "house"], "the lighthouse"),
        ("the house of Mari\u2010", "enwerder", [], "the house of Marienwerder"),
        ("the well-", "known road", ["well", "known"], "the well-known road"),
        ("the state-of-the-", "art gauge", [], "the state-of-the-art gauge"),
        ("the part AX-", "204 here", [], "the part AX-204 here"),
        ("the gas n-", "butane", [], "the gas n-butane"),
        ("the post-", "war and the post-war years", [], "the post-war and the post-war years"),
        ("the mainte-", "nance", ["maintenance"], "the maintenance"),
        ("der Wasser-", "stand", ["wasser", "stand"], "der Wasserstand"),
        ("the pre-", "and post-war years", [], "the pre- and post-war years"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_is_kept_by_evidence(
    first: str, second: str, words: list[str], joined: str
) -> None:
    assert texts(blocks(page(span(first, 10), span(second, 11)), words=words)) == [joined]


def test_lines_of_a_script_without_spaces_are_joined_without_one() -> None:
    lines = [span("本港口的起重机每天早上八点开始工", 10, size=12), span("作，晚上十点结束。", 11, size=12)]
    assert texts(blocks(page(*lines))) == ["本港口的起重机每天早上八点开始工作，晚上十点结束。"]


def test_a_listing_keeps_its_lines_and_their_indentation() -> None:
    code = [("relay {", 70), ("port 4471", 90), ("level  high", 90), ("}", 70)]
    lines = [span(text, 10 + number, left, mono=True) for number, (text, left) in enumerate(code)]
    found = blocks(page(span(FULL, 8), *lines, span(FULL, 16)))
    assert [block.kind for block in found] == [BlockKind.PARAGRAPH, BlockKind.CODE, BlockKind.PARAGRAPH]
    assert found[1].text == "relay {\n    port 4471\n    level  high\n}"


def test_a_rotated_text_is_not_a_heading() -> None:
    drawn = page(span(FULL, 10))
    drawn.rotated_texts.append(span("Received 3 May", 2, size=40))
    assert [(block.text, block.kind) for block in blocks(drawn)] == [
        (FULL, BlockKind.PARAGRAPH),
        ("Received 3 May", BlockKind.PARAGRAPH),
    ]
