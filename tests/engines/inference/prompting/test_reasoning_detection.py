"""The markers of reasoning are found in the template, in its rendering of earlier answers, or in the vocabulary."""

import pytest

from engines.inference.worker.prompting.chat_template import ChatTemplate
from engines.inference.worker.prompting.reasoning_detection import HARMONY as HARMONY_FORMAT
from engines.inference.worker.prompting.reasoning_detection import KIMI_K3, SOLAR, detect_format
from engines.inference.worker.streaming.reasoning_format import Block, ReasoningFormat, Section
from tests.support.models.chat_templates import (
    ALWAYS_OPEN,
    BY_EFFORT,
    BY_MODE,
    CHATML,
    FINAL_RESPONSE,
    HARMONY,
    RECIPIENTS,
    STRICT_ROLES,
    TAGS_IN_HISTORY,
)


def blocks(source: str, *special_texts: str) -> tuple[Block, ...]:
    found = detect_format(ChatTemplate(source, "", ""), special_texts)
    return found.blocks if found else ()


@pytest.mark.parametrize(
    "source", [CHATML, STRICT_ROLES, CHATML + "{# <thinking_instructions> </thinking_instructions> #}"]
)
def test_a_template_without_reasoning_has_no_format(source: str) -> None:
    assert detect_format(ChatTemplate(source, "", ""), ("<|im_start|>", "<|im_end|>", "<tool_call>")) is None


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<seed:think>", "</seed:think>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|think_start|>", "<|think_end|>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
    ],
)
def test_pairs_of_tags_are_found_in_the_template_and_in_the_vocabulary(opening: str, closing: str) -> None:
    assert blocks(CHATML + f"{{# {opening} and {closing} #}}") == (Block(opening, closing),)
    assert blocks(CHATML, opening, closing) == (Block(opening, closing),)
    assert blocks(CHATML, opening) == (), "an opening tag without its counterpart is no marker"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TAGS_IN_HISTORY, Block("«", "»")),
        (BY_EFFORT, Block("<think:x>", "</think:x>")),
        (BY_MODE, Block("<mm:think>", "</mm:think>")),
        (ALWAYS_OPEN, Block("<think>", "</think>")),
        (FINAL_RESPONSE, Block("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]", opens_answer=True)),
    ],
)
def test_markers_of_families_are_found(source: str, expected: Block) -> None:
    assert blocks(source) == (expected,)


def test_a_closing_tag_that_the_template_removes_from_earlier_answers_is_enough() -> None:
    source = CHATML.replace("m['content']", "m['content'].split('</think>')[-1]")
    assert blocks(source) == (Block("<think>", "</think>"),)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (("<|begin|>", "<|end|>", "<|think|>", "<|content|>"), SOLAR),
        (("<|open|>", "<|close|>", "<|sep|>"), KIMI_K3),
        (("<|start|>", "<|message|>", "<|channel|>", "<|end|>"), HARMONY_FORMAT),
    ],
)
def test_families_with_channels_are_recognized_by_their_tokens(
    tokens: tuple[str, ...], expected: ReasoningFormat
) -> None:
    assert detect_format(ChatTemplate(CHATML, "", ""), tokens) is expected


def test_the_answers_own_tags_are_found() -> None:
    found = detect_format(ChatTemplate(CHATML + "{# <think></think><response></response> #}", "", ""), ())
    assert found is not None
    assert (found.answer_openings, found.answer_closings) == (("<response>",), ("</response>",))


def test_messages_with_recipients_are_found_in_the_rendering_of_earlier_reasoning() -> None:
    found = detect_format(ChatTemplate(RECIPIENTS, "", ""), ())
    assert found is not None
    assert found.blocks == (Block("to=self<|message|>", "<|eom|>"),)
    assert found.answer_openings == ("to=user<|message|>",)
    assert found.headers == ("<|start|>assistant",)
    assert found.is_strict


def test_channels_are_recognized_by_their_tokens() -> None:
    assert detect_format(ChatTemplate(HARMONY, "", ""), ()) is HARMONY_FORMAT


@pytest.mark.parametrize(
    ("prompt", "section"),
    [
        ("user: a\nassistant:", Section.START),
        ("assistant: <think>\n", Section.REASONING),
        ("assistant: <think>\n\n</think>\n\n", Section.GAP),
        ("user: write <think> and </think> assistant:", Section.START),
    ],
)
def test_the_end_of_the_prompt_determines_the_section(prompt: str, section: Section) -> None:
    found = detect_format(ChatTemplate(ALWAYS_OPEN, "", ""), ())
    assert found is not None
    assert found.section(prompt) is section
