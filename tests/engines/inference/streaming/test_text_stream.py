"""The text does not depend on how its bytes are divided into tokens: whole characters, no stop string."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.inference.worker.streaming.stop_filter import held_suffix
from engines.inference.worker.streaming.text_stream import TextStream
from tests.engines.inference.streaming.random_answers import find_faults, random_answer


def stream(pieces: Sequence[bytes], stops: Sequence[str] = ()) -> tuple[str, str | None]:
    """Return the text, and the stop string that ended it."""
    stream = TextStream(stops)
    text = ""
    for piece in pieces:
        shown = stream.feed(piece)
        assert "\ufffd" not in shown.text
        text += shown.text
        if stream.is_ended:
            return text, stream.stop_string
    return text + stream.finish().text, stream.stop_string


def split(content: bytes, cuts: Sequence[float]) -> list[bytes]:
    places = sorted({int(cut * len(content)) for cut in cuts} | {0, len(content)})
    return [content[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.floats(0.0, 1.0), max_size=12)
STOPS = st.lists(st.text("ab\nEND", min_size=1, max_size=5), max_size=3)


@given(text=st.text(), cuts=CUTS)
def test_characters_are_whole_however_their_bytes_are_divided(text: str, cuts: list[float]) -> None:
    encoded = text.encode("utf-8", "ignore")
    assert stream(split(encoded, cuts)) == (encoded.decode().lstrip(), None)


@given(text=st.text("abEND\n"), cuts=CUTS, stops=STOPS)
def test_text_ends_in_front_of_the_first_stop_string(text: str, cuts: list[float], stops: list[str]) -> None:
    body = text.lstrip()
    places = [place for place in (body.find(stop) for stop in stops) if place >= 0]
    expected = body[: min(places)] if places else body
    written, stop = stream(split(text.encode(), cuts), stops)
    assert (stop is not None) == bool(places)
    if len(split(text.encode(), cuts)) == 1 or not places:
        assert written == expected
    assert body.startswith(written)
    assert not any(stop in written for stop in stops)


def test_the_stop_string_that_was_found_is_known() -> None:
    assert stream([b"one END", b" two"], ["two", "END"]) == ("one ", "END")


def test_only_text_that_may_become_a_stop_string_is_held_back() -> None:
    text = TextStream(["\nUser:"])
    assert text.feed(b"Hello\nUs").text == "Hello"
    assert text.feed(b"ing it").text == "\nUsing it"


def test_an_incomplete_character_at_the_end_is_dropped() -> None:
    assert stream(["é".encode()[:1]]) == ("", None)


def test_text_without_removed_parts_is_verbatim() -> None:
    text = TextStream(["END"])
    text.feed(b"Hello")
    assert text.is_verbatim
    text.feed(b" END")
    assert not text.is_verbatim


@pytest.mark.parametrize(("text", "held"), [("abcST", 2), ("abc", 0), ("STOP", 0), ("S", 1), ("", 0)])
def test_the_held_suffix_is_the_longest_proper_prefix_of_a_pattern(text: str, held: int) -> None:
    assert held_suffix(text, ["STOP"]) == held


def test_random_answers_have_no_split_character_and_no_stop_string() -> None:
    """Measurement I16 with fewer answers."""
    answers = [random_answer(seed) for seed in range(200)]
    assert [(answer, faults) for answer in answers if (faults := find_faults(answer))] == []
    assert sum(bool(answer.stops) for answer in answers) > 100
