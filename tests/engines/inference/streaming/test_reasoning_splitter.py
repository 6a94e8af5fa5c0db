"""Reasoning and answer are separated while the text is streamed, wherever the text is divided into tokens."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.inference.worker.prompting.reasoning_detection import HARMONY, KIMI_K3, MUSE, SOLAR
from engines.inference.worker.streaming.reasoning_format import Block, ReasoningFormat, Section, as_control_token
from engines.inference.worker.streaming.text_stream import TextStream

THINK = ReasoningFormat((Block("<think>", "</think>"),))
RESPONSE = ReasoningFormat((Block("<think>", "</think>"),), ("<response>",), ("</response>",))
FINAL = ReasoningFormat(
    (Block("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]", opens_answer=True),),
    answer_closings=("[END FINAL RESPONSE]",),
)
TOKENS = (
    "<|channel|>", "<|message|>", "<|end|>", "<|start|>", "<|think|>", "<|content|>", "<|begin|>", "<|open|>", "<|close|>",
    "<|sep|>", "<|eom|>",
)  # fmt: skip
CUTS = st.lists(st.floats(0.0, 1.0), max_size=12)


def stream(format: ReasoningFormat | None, pieces: list[str], section: Section = Section.START) -> tuple[str, str]:
    """Split the pieces; return the whole text of the answer and the whole reasoning."""
    stream = TextStream((), format, section)
    text = reasoning = ""
    for piece in pieces:
        shown = stream.feed(piece.encode())
        text, reasoning = text + shown.text, reasoning + shown.reasoning
        if stream.is_ended:
            break
    rest = stream.finish()
    return text + rest.text, reasoning + rest.reasoning


def split(content: str, cuts: list[float]) -> list[str]:
    places = sorted({int(cut * len(content)) for cut in cuts} | {0, len(content)})
    return [content[start:end] for start, end in pairwise(places)]


@given(reasoning=st.text("ab <>/\n"), text=st.text("ab <\n"), cuts=CUTS)
def test_reasoning_is_separated_wherever_the_tags_are_divided(reasoning: str, text: str, cuts: list[float]) -> None:
    if "</think>" in reasoning:
        return
    content = f"<think>{reasoning}</think>{text}"
    assert stream(THINK, split(content, cuts)) == (text.lstrip(), reasoning.strip())


@pytest.mark.parametrize("section", [Section.START, Section.GAP])
@pytest.mark.parametrize("text", ["It is four.", "Write <think> to think.", "<thin", "< 4", ""])
def test_an_answer_without_reasoning_is_text(section: Section, text: str) -> None:
    assert stream(THINK, list(text), section) == (text, "")


def test_the_text_begins_with_reasoning_if_the_prompt_opened_it() -> None:
    assert stream(THINK, ["why", "</thi", "nk>\n\nso"], Section.REASONING) == ("so", "why")


def test_reasoning_that_is_never_closed_is_reasoning() -> None:
    assert stream(THINK, ["<think>", "and so on </thi"]) == ("", "and so on </thi")


def test_a_model_without_a_format_writes_tags_as_text() -> None:
    assert stream(None, ["<think>a</think>b"]) == ("<think>a</think>b", "")


def test_the_answers_own_tags_are_removed_and_end_it() -> None:
    pieces = ["<think>why", "</think>\n<resp", "onse>It is", " four.</resp", "onse>", "\nAnd more"]
    assert stream(RESPONSE, pieces) == ("It is four.", "why")
    assert stream(RESPONSE, ["<think>why</think>", "It is four."]) == ("It is four.", "why")


def test_a_final_response_ends_the_reasoning() -> None:
    pieces = [
        "Here are my reasoning",
        " steps:\na sum",
        "\n[BEGIN FINAL RESPONSE]",
        "It is four.\n[END FINAL RESPONSE]\n",
    ]
    assert stream(FINAL, pieces) == ("It is four.", "a sum")


def tokens(text: str) -> list[str]:
    """Return `text` as pieces of a model's output, in which the tags of markers are control tokens."""
    pieces, rest = [], text
    while rest:
        token = next((name for name in TOKENS if rest.startswith(name)), None)
        pieces.append(as_control_token(token) if token else rest[0])
        rest = rest[len(token or "x") :]
    return pieces


def bound(format: ReasoningFormat) -> ReasoningFormat:
    return format.bind(TOKENS)


@pytest.mark.parametrize(
    ("format", "output", "text", "reasoning"),
    [
        (
            HARMONY,
            "<|channel|>analysis<|message|>A sum.<|end|><|start|>assistant<|channel|>final<|message|>It is four.",
            "It is four.",
            "A sum.",
        ),
        (HARMONY, "<|channel|>final<|message|>It is four.", "It is four.", ""),
        (
            HARMONY,
            "<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>analysis<|message|>Two.<|end|>"
            "<|start|>assistant<|channel|>commentary<|message|>Wait.<|end|>"
            "<|start|>assistant<|channel|>final<|message|>Done.",
            "Wait.\n\nDone.",
            "One.\n\nTwo.",
        ),
        (HARMONY, "<|channel|>final<|message|>Done.<|end|><|start|>user<|message|>And now?", "Done.", ""),
        (SOLAR, "<|think|>A sum.<|end|><|begin|>assistant<|content|>It is four.<|end|>", "It is four.", "A sum."),
        (SOLAR, "<|content|>It is four.<|end|>", "It is four.", ""),
        (
            MUSE,
            " to=self<|message|>A sum.<|eom|><|start|>assistant to=user<|message|>It is four.",
            "It is four.",
            "A sum.",
        ),
        (
            KIMI_K3,
            "<|open|>think<|sep|>A sum.<|close|>think<|sep|><|open|>response<|sep|>It is four.<|close|>response<|sep|>"
            "<|close|>message<|sep|>",
            "It is four.",
            "A sum.",
        ),
    ],
)
def test_channels_are_separated(format: ReasoningFormat, output: str, text: str, reasoning: str) -> None:
    assert stream(bound(format), tokens(output)) == (text, reasoning)


def test_an_answer_in_channels_may_spell_out_a_marker() -> None:
    begin = tokens("<|channel|>final<|message|>")
    spelled = ["The token <|end|> ends a message; <|channel|>analysis<|message|> begins one."]
    assert stream(bound(HARMONY), begin + spelled) == (spelled[0], "")


def test_control_tokens_that_are_no_markers_are_removed() -> None:
    opening, closing = as_control_token("<think>"), as_control_token("</think>")
    pieces = [opening, "why", closing, "It is", closing, " four."]
    assert stream(THINK.bind(("<think>", "</think>")), pieces) == ("It is four.", "why")


def test_text_is_verbatim_only_without_reasoning_and_markers() -> None:
    for pieces, is_verbatim in ((["It is four."], True), (["<think>a</think>", "It is four."], False)):
        text = TextStream((), THINK)
        for piece in pieces:
            text.feed(piece.encode())
        text.finish()
        assert text.is_verbatim is is_verbatim
