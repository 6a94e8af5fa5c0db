"""Citation marks: the passages that an answer names, in the various notations of models."""

import pytest

from records.session import CitationRecord
from services.answers.citation_marks import find_marks
from services.answers.citations import mark_used

MARKS = {
    "The boiler is descaled [1].": {1},
    "It is done twice [1][2].": {1, 2},
    "It is done twice [1, 2].": {1, 2},
    "It is done twice [1,2,3].": {1, 2, 3},
    "It is done twice [1; 2].": {1, 2},
    "It is done twice [1 & 2].": {1, 2},
    "It is done twice [1 and 2].": {1, 2},
    "It is done twice [1] [2].": {1, 2},
    "It is done twice [1,\n2].": {1, 2},
    "It is done twice [1-3].": {1, 2, 3},
    "It is done twice [1–3].": {1, 2, 3},
    "It is done twice [1]–[3].": {1, 2, 3},
    "It is done twice [Passage 1 - Passage 3].": {1, 2, 3},
    "It is done twice [3-1].": {1, 3},
    "It is done twice[1].": {1},
    "It is done twice[1][2], and once more.": {1, 2},
    "In 2020[1].": {1},
    "水箱[1]。": {1},
    "It is done twice【1】.": {1},
    "It is done twice【2†L3-L5】.": {2},
    "It is done twice【4:0†source】.": {4},
    "It is done twice【1】【2】.": {1, 2},
    "It is done twice ［1］.": {1},
    "It is done twice 〔2〕.": {2},
    "It is done twice ⟦2⟧.": {2},
    "It is done twice [１].": {1},
    "It is done twice [[1]].": {1},
    r"It is done twice \[1\].": {1},
    "It is done twice [Passage 1].": {1},
    "It is done twice [Passages 1-3].": {1, 2, 3},
    "It is done twice [passage1].": {1},
    "It is done twice [Sources 1 and 2].": {1, 2},
    "It is done twice [Source: 1].": {1},
    "It is done twice [doc1].": {1},
    "It is done twice [cite: 1, 2].": {1, 2},
    "It is done twice [citation:3].": {3},
    "It is done twice [#1].": {1},
    "It is done twice [Quelle 2].": {2},
    "它做了两次 [来源1]。": {1},
    "It is done twice [^1].": {1},
    "It is done twice[^1] and once more.": {1},
    "It is done twice.\n\n[^1]: rules.md": {1},
    "It is done twice [1, page 2].": {1},
    "It is done twice [1: rules.md].": {1},
    "It is done twice [1†source].": {1},
    "It is done twice (Passage 1).": {1},
    "It is done twice (see source 1, 2).": {1, 2},
    "According to Passage 2, it is done twice.": {2},
    "It is done twice [1](https://example.org/rules).": {1},
    "It is done twice [1].\n\n[1]: https://example.org/rules": {1},
    "It is done twice <sup>[1]</sup>.": {1},
    "> It is done twice [1].": {1},
    "# Twice [1]": {1},
    "- first\n\n    more of it [1]": {1},
    "**twice**[1]": {1},
    "| a [1] | b [2] |\n|---|---|\n| `c[3]` | d [4] |": {1, 2, 4},
    "`items[1]` is the second [2].": {2},
}
"""Answers and the passages that they name."""

NO_MARKS = [
    "Take `items[1]` for the second.",
    "Take ``items[1]`` for the second.",
    "Take items[1] for the second.",
    "Take obj.items[1].",
    "Take my_items[1].",
    "Take matrix[0][1] from it.",
    "Then x[1] = 2.",
    "```\nitems[1]\n```",
    "```python\nprint(items[1])  # [1]",
    "~~~\nitems [1]\n~~~",
    "An example:\n\n    items = [1]\n",
    "Take <code>items [1]</code> for it.",
    "<pre>\nitems [1]\n</pre>",
    "![1](picture.png)",
    "[2 litres] of water",
    "[1 of 4]",
    "[1, 3.5 litres]",
    "[Figure 1]",
    "[Step 1]",
    "[p. 1]",
    "[1.2]",
    "[2024]",
    "- [x] done\n- [ ] open",
    "No mark at all.",
    "",
]
"""Answers that name no passage."""


def citation(marker: int) -> CitationRecord:
    return CitationRecord(marker, None, None, "rules.md", "twice", None, 0.5, False, None, None, None)


@pytest.mark.parametrize(("answer", "named"), MARKS.items())
def test_a_mark_names_its_passages(answer: str, named: set[int]) -> None:
    assert find_marks(answer) == named


@pytest.mark.parametrize("answer", NO_MARKS)
def test_code_and_other_brackets_name_no_passage(answer: str) -> None:
    assert find_marks(answer) == set()


def test_a_citation_is_used_if_its_marker_is_named() -> None:
    citations = mark_used([citation(1), citation(2), citation(3)], "Twice [1], `items[2]`, [3, 99].")
    assert [each.used for each in citations] == [True, False, True]


@pytest.mark.parametrize(
    "repeated", ["[", "[1,", "[1-", "`", "\\[", "*a", "<", "<code>", "[passage ", "[^", "- ", "> "]
)
def test_hostile_text_is_read_in_linear_time(repeated: str) -> None:
    """If the time grew faster than the length of the text, the test would reach pytest's time limit."""
    assert find_marks(repeated * 20_000) == set()
