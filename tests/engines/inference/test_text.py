"""Whatever the tokens' borders, the text is the same: whole characters, no stop string, reasoning apart."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.inference.worker.text.text_stream import TextStream, held_suffix
from tests.engines.inference.fuzzed import faults, make


def write(
    pieces: Sequence[bytes], stops: Sequence[str] = (), *, thinks: bool = False, opened: bool = False
) -> tuple[str, str, bool]:
    """Text, reasoning, and whether a stop string ended it."""
    stream = TextStream(stops, thinks=thinks, opened=opened)
    text, reasoning = "", ""
    for piece in pieces:
        shown = stream.feed(piece)
        assert "\ufffd" not in shown.text
        text, reasoning = text + shown.text, reasoning + shown.reasoning
        if stream.stopped:
            return text, reasoning, True
    rest = stream.finish()
    return text + rest.text, reasoning + rest.reasoning, stream.stopped


def split(content: bytes, cuts: Sequence[float]) -> list[bytes]:
    places = sorted({int(cut * len(content)) for cut in cuts} | {0, len(content)})
    return [content[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.floats(0.0, 1.0), max_size=12)
STOPS = st.lists(st.text("ab\nEND", min_size=1, max_size=5), max_size=3)


@given(text=st.text(), cuts=CUTS)
def test_characters_arrive_whole_however_their_bytes_are_split(text: str, cuts: list[float]) -> None:
    assert write(split(text.encode("utf-8", "ignore"), cuts))[0] == text.encode("utf-8", "ignore").decode().lstrip()


@given(text=st.text("abEND\n"), cuts=CUTS, stops=STOPS)
def test_text_ends_in_front_of_the_first_stop_string(text: str, cuts: list[float], stops: list[str]) -> None:
    body = text.lstrip()
    places = [at for at in (body.find(stop) for stop in stops) if at >= 0]
    expected = body[: min(places)] if places else body
    written, _, stopped = write(split(text.encode(), cuts), stops)
    assert stopped == bool(places)
    if len(split(text.encode(), cuts)) == 1 or not places:
        assert written == expected
    assert body.startswith(written)
    assert not any(stop in written for stop in stops)


@given(reasoning=st.text("ab <>/\n"), text=st.text("ab <\n"), cuts=CUTS)
def test_reasoning_is_told_from_the_answer(reasoning: str, text: str, cuts: list[float]) -> None:
    if "</think>" in reasoning:
        return
    content = f"<think>{reasoning}</think>{text}"
    assert write(split(content.encode(), cuts), thinks=True)[:2] == (text.lstrip(), reasoning.strip())


def test_a_prompt_that_opened_the_tag_starts_in_reasoning() -> None:
    assert write([b"why", b"</thi", b"nk>\n\nso"], thinks=True, opened=True)[:2] == ("so", "why")


def test_a_tag_in_the_middle_of_an_answer_is_text() -> None:
    assert write([b"Write <think> to think."], thinks=True)[:2] == ("Write <think> to think.", "")


def test_a_model_without_think_tags_writes_them_as_text() -> None:
    assert write([b"<think>a</think>b"])[:2] == ("<think>a</think>b", "")


def test_only_what_may_become_a_stop_string_is_held_back() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.feed(b"Hello\nUs").text == "Hello"
    assert stream.feed(b"ing it").text == "\nUsing it"


def test_a_character_without_its_last_byte_is_dropped_at_the_end() -> None:
    assert write(["é".encode()[:1]])[0] == ""


@pytest.mark.parametrize(("text", "held"), [("abcST", 2), ("abc", 0), ("STOP", 0), ("S", 1), ("", 0)])
def test_the_held_suffix_is_the_longest_beginning_of_a_stop(text: str, held: int) -> None:
    assert held_suffix(text, ["STOP"]) == held


def test_random_answers_join_to_what_was_written_without_a_split_character_or_a_leaked_stop() -> None:
    """I16 in its small form."""
    streams = [make(seed) for seed in range(200)]
    assert [(stream, found) for stream in streams if (found := faults(stream))] == []
    assert sum(bool(stream.stops) for stream in streams) > 100
