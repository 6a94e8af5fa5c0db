"""Families of models, tested from the file to the answer: separate reasoning, its switch, and the end of a turn."""

from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.protocol import ReasoningSupport
from records.errors import Unsupported
from records.session import FinishReason
from tests.engines.inference.conftest import generate, open_inference
from tests.support.models.chat_templates import (
    BY_MODE,
    CHATML,
    FINAL_RESPONSE,
    HARMONY,
    OFF_BY_FALSE,
    ON_BY_TRUE,
    RECIPIENTS,
    STRICT_ROLES,
)
from tests.support.models.scripted_gguf import CHATML_CONTROL, ScriptedModel, write_scripted_gguf

NONE, POSSIBLE, NATIVE = ReasoningSupport.NONE, ReasoningSupport.POSSIBLE, ReasoningSupport.NATIVE
QUESTION = [("user", "What is two and two?")]
ANSWER, REASONING = "It is four.", "A sum is wanted."


def tagged(opening: str, closing: str) -> str:
    return CHATML + f"{{# reasons between {opening} and {closing} #}}"


def script(*parts: str) -> tuple[str, ...]:
    return (*parts, "It is", " four.")


CHANNELS = ScriptedModel(
    script("<|channel|>", "analysis", "<|message|>", "A sum", " is wanted.", "<|end|>", "<|start|>", "assistant",
           "<|channel|>", "final", "<|message|>"),
    HARMONY, ends_with="<|start|>assistant", stop="<|return|>",
    control=("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>"),
)  # fmt: skip
FAMILIES = {
    "channels": (CHANNELS, POSSIBLE),
    "recipients": (
        ScriptedModel(
            script(" to=self", "<|message|>", REASONING, "<|eom|>", "<|start|>", "assistant", " to=user", "<|message|>"),
            RECIPIENTS, ends_with="<|start|>assistant", stop="<|eot|>",
            control=("<|start|>", "<|message|>", "<|eom|>"),
        ),
        POSSIBLE,
    ),
    "control tokens": (
        ScriptedModel(script("<seed:think>", REASONING, "</seed:think>"), tagged("<seed:think>", "</seed:think>"),
                      control=(*CHATML_CONTROL, "<seed:think>", "</seed:think>")),
        POSSIBLE,
    ),
    "user-defined tokens": (
        ScriptedModel(script("[THINK]", REASONING, "[/THINK]"), tagged("[THINK]", "[/THINK]"),
                      user_defined=("[THINK]", "[/THINK]")),
        POSSIBLE,
    ),
    "tags of several tokens": (
        ScriptedModel(script("◁th", "ink▷", REASONING, "◁/th", "ink▷"), tagged("◁think▷", "◁/think▷")),
        POSSIBLE,
    ),
    "tags in the vocabulary only": (
        ScriptedModel(script("<|START_THINKING|>", REASONING, "<|END_THINKING|>"),
                      control=(*CHATML_CONTROL, "<|START_THINKING|>", "<|END_THINKING|>")),
        POSSIBLE,
    ),
    "answer in tags": (
        ScriptedModel((*script("<think>", REASONING, "</think>", "<response>"), "</response>", " and", " more"),
                      tagged("<think></think>", "<response></response>")),
        POSSIBLE,
    ),
    "final response": (
        ScriptedModel((*script(REASONING, "\n[BEGIN", " FINAL RESPONSE]\n"), "\n[END FINAL RESPONSE]"), FINAL_RESPONSE,
                      ends_with="steps:\n"),
        NATIVE,
    ),
    "switched on": (
        ScriptedModel(template=ON_BY_TRUE, user_defined=("<think>", "</think>"), ends_with="\n</think>",
                      other_scripts={"\n<think>": (REASONING, "</think>", " So: ", "It is", " four.")}),
        NATIVE,
    ),
    "mode": (
        ScriptedModel(script(REASONING, "</mm:think>"), BY_MODE, ends_with="\n<mm:think>",
                      control=(*CHATML_CONTROL, "<mm:think>", "</mm:think>")),
        NATIVE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
async def test_reasoning_is_separated_from_the_answer(tmp_path: Path, name: str) -> None:
    model, support = FAMILIES[name]
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", model)) as (_, inference):
        assert inference.reasoning is support
        text, reasoning, finished = await generate(inference, QUESTION, thinking=True)
    assert (text.removeprefix("So: "), reasoning) == (ANSWER, REASONING)
    assert finished.reasoning_tokens > 0
    assert finished.finish_reason is FinishReason.STOP


@pytest.mark.parametrize("name", ["switched on", "mode"])
async def test_reasoning_that_is_switched_off_is_closed_in_the_prompt(tmp_path: Path, name: str) -> None:
    model = replace(FAMILIES[name][0], other_scripts={})
    model = replace(model, script=("It is", " four."), ends_with="\n</mm:think>" if name == "mode" else "\n</think>")
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", model)) as (_, inference):
        text, reasoning, finished = await generate(inference, QUESTION, thinking=False)
    assert (text, reasoning, finished.reasoning_tokens) == (ANSWER, "", 0)
    assert finished.prompt.endswith("think>")


async def test_reasoning_without_known_markers_stays_switched_off(tmp_path: Path) -> None:
    template = CHATML + "{% if enable_thinking is not defined or enable_thinking %}{{ 'Ponder first.' }}{% endif %}"
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", ScriptedModel(template=template))) as (
        _,
        inference,
    ):
        assert inference.reasoning is NONE
        for thinking in (True, False):
            text, _, finished = await generate(inference, QUESTION, thinking=thinking)
            assert (text, finished.prompt.endswith("assistant\n")) == (ANSWER, True)


async def test_a_chat_in_channels_continues_with_the_text_of_the_answer(tmp_path: Path) -> None:
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", CHANNELS)) as (_, inference):
        text, _, _ = await generate(inference, QUESTION)
        again, _, finished = await generate(inference, [*QUESTION, ("assistant", text), ("user", "And three?")])
    assert again == ANSWER
    assert "<|channel|>final<|message|>It is four.<|end|>" in finished.prompt


async def test_an_answer_behind_a_closed_block_has_no_reasoning(tmp_path: Path) -> None:
    model = ScriptedModel(template=OFF_BY_FALSE, user_defined=("<think>", "</think>"), ends_with="\n\n")
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", model)) as (_, inference):
        text, reasoning, finished = await generate(inference, QUESTION)
    assert (text, reasoning) == (ANSWER, "")
    assert finished.prompt.endswith("<think>\n\n</think>\n\n")


@pytest.mark.parametrize(
    "control", [("<|im_start|>",), ("<|im_start|>", "<|im_end|>")], ids=["several tokens", "token that is no end"]
)
async def test_the_templates_end_of_a_turn_ends_the_answer(tmp_path: Path, control: tuple[str, ...]) -> None:
    after = ("<|im", "_end|>") if len(control) == 1 else ("<|im_end|>",)
    model = ScriptedModel(("It is", " four.", *after, "\nuser", " and more"), control=control, stop="</s>")
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf", model)) as (_, inference):
        text, _, finished = await generate(inference, QUESTION)
    assert (text, finished.finish_reason) == (ANSWER, FinishReason.STOP)


async def test_a_conversation_that_the_template_rejects_raises_unsupported_with_the_templates_reason(
    tmp_path: Path,
) -> None:
    path = write_scripted_gguf(tmp_path / "model.gguf", ScriptedModel(template=STRICT_ROLES))
    twice = [("user", "One?"), ("user", "Two?")]
    async with open_inference(path) as (_, inference):
        with pytest.raises(Unsupported, match="rejects this conversation: roles"):
            await inference.count_prompt(twice)
        with pytest.raises(Unsupported, match="rejects this conversation: roles"):
            await generate(inference, twice)
        assert (await generate(inference, QUESTION))[0] == ANSWER


async def test_a_model_without_markers_supports_no_reasoning(tmp_path: Path) -> None:
    async with open_inference(write_scripted_gguf(tmp_path / "model.gguf")) as (_, inference):
        assert inference.reasoning is NONE
        assert (await generate(inference, QUESTION, thinking=True))[:2] == (ANSWER, "")
