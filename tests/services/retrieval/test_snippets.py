"""Snippets: the window of a passage with the most matches, with exact spans."""

import re

from hypothesis import given
from hypothesis import strategies as st

from records.retrieval import TextSpan
from services.retrieval.snippets import make_snippet


def spans(text: str, word: str) -> list[TextSpan]:
    return [TextSpan(found.start(), found.end()) for found in re.finditer(re.escape(word), text)]


def test_a_short_passage_is_returned_in_full() -> None:
    text = "The torque of bolt A is 35 Nm."
    snippet = make_snippet(text, spans(text, "torque"))
    assert snippet.text == text
    assert [snippet.text[span.start : span.end] for span in snippet.matches] == ["torque"]


def test_the_window_contains_the_most_matches() -> None:
    text = "needle " + "hay " * 200 + "needle needle needle " + "hay " * 200
    snippet = make_snippet(text, spans(text, "needle"))
    assert len(snippet.matches) == 3
    assert all(snippet.text[span.start : span.end] == "needle" for span in snippet.matches)


def test_without_a_match_the_snippet_is_the_beginning() -> None:
    text = "word " * 300
    assert text.startswith(make_snippet(text, []).text)


@given(st.text(alphabet="ab ne\n", max_size=900), st.integers(20, 400))
def test_every_span_marks_a_match_inside_the_snippet(text: str, length: int) -> None:
    snippet = make_snippet(text, spans(text, "ne"), length)
    assert snippet.text in text
    assert len(snippet.text) <= length
    assert all(snippet.text[span.start : span.end] == "ne" for span in snippet.matches)
