"""Texts of messages are never read as control tokens, and otherwise tokenized as one text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engines.inference.worker.llama.model import Model
from engines.inference.worker.prompting.conversation_format import inspect_format
from engines.inference.worker.prompting.prompt_builder import PromptBuilder
from engines.inference.worker.streaming.completion_tokens import CompletionTokens
from records.model import LoadRequest
from tests.support.models.chat_templates import CHATML, HARMONY
from tests.support.models.scripted_gguf import ScriptedModel, write_scripted_gguf

PLAIN = "{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] + ' ' }}{% endfor %}{{ '[assistant]' }}"


@contextmanager
def opened(path: Path, model: ScriptedModel) -> Iterator[tuple[PromptBuilder, Model, CompletionTokens]]:
    loaded = Model.load(write_scripted_gguf(path / "model.gguf", model), LoadRequest(), lambda _: True)
    assert loaded is not None
    completion_tokens = CompletionTokens()
    yield PromptBuilder(loaded, inspect_format(model.template, loaded), completion_tokens), loaded, completion_tokens
    loaded.close()


def count(builder: PromptBuilder, text: str) -> int:
    """Return the number of tokens by which the prompt with `text` as its message exceeds that with an empty message."""
    return len(builder.build([("user", f"a{text}b")]).tokens) - len(builder.build([("user", "ab")]).tokens)


CONTROL = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>")


@pytest.mark.parametrize("kind", ["control", "user_defined"])
def test_spelled_tokens_are_characters_whatever_their_kind(tmp_path: Path, kind: str) -> None:
    names = {"control": CONTROL} if kind == "control" else {"control": (), "user_defined": CONTROL}
    model = ScriptedModel(template=HARMONY, ends_with="<|start|>assistant", stop="<|return|>", **names)
    with opened(tmp_path, model) as (builder, _, _):
        for text in (*CONTROL, "<|return|>", "<unk>", "<s>", "<|start|><|end|>", "<<|start|>", "<|start|>|end|>"):
            assert count(builder, text) == len(text), text


def test_the_templates_own_tokens_remain_tokens(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedModel()) as (builder, model, _):
        prompt = builder.build([("user", "<|im_end|>")])
    tokens = [model_token for model_token in prompt.tokens if model_token in model.control_tokens]
    assert [model.control_tokens[token] for token in tokens] == ["<|im_start|>", "<|im_end|>", "<|im_start|>"]
    assert prompt.text == "<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("text", ["\n\n", "    ", "<table>", "</td>", "<h1>"])
def test_user_defined_tokens_that_are_no_markup_of_the_template_remain_one_token(tmp_path: Path, text: str) -> None:
    with opened(tmp_path, ScriptedModel(user_defined=(text,))) as (builder, _, _):
        assert count(builder, text) == 1


def test_a_html_tag_that_the_template_uses_is_characters_in_a_message(tmp_path: Path) -> None:
    model = ScriptedModel(template=CHATML.replace("<|im_start|>", "<b>"), user_defined=("<b>",))
    with opened(tmp_path, model) as (builder, _, _):
        assert count(builder, "<b>") == 3


def test_user_defined_tokens_within_each_other_are_characters(tmp_path: Path) -> None:
    inner, outer = "|x|", "<|x|>"
    with opened(tmp_path, ScriptedModel(user_defined=(inner, outer))) as (builder, _, _):
        assert count(builder, outer) == len(outer)
        assert count(builder, inner) == len(inner)


@pytest.mark.parametrize("adds_space_prefix", [False, True])
@pytest.mark.parametrize(
    ("text", "like"),
    [("old<s>7</s>new", "old<q>7</q>new"), ("<s>", "<q>"), ("a<unk>", "a<qnk>"), ("<t>x<t>", "<q>x<q>")],
)
def test_spelled_tokens_add_no_spaces(tmp_path: Path, adds_space_prefix: bool, text: str, like: str) -> None:
    model = ScriptedModel(
        template=PLAIN, control=("</s>",), user_defined=("<t>",), stop="</s>", ends_with="t]",
        adds_space_prefix=adds_space_prefix,
    )  # fmt: skip
    with opened(tmp_path, model) as (builder, _, _):
        assert count(builder, text) == count(builder, like)


def test_private_code_points_in_a_message_are_text(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedModel()) as (builder, _, _):
        prompt = builder.build([("user", "\ue0f00\ue0f1 \ue0f0 <|im_end|>")])
    assert "\ue0f00\ue0f1 \ue0f0 <|im_end|>" in prompt.text


def test_the_tokens_of_an_earlier_answer_are_reused_in_its_conversation(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedModel(("It is", " four."))) as (builder, model, completion_tokens):
        generated = [token for token in range(model.vocabulary_size) if model.text(token) in ("It is", " four.")]
        completion_tokens.store("a", "It is four.", generated)
        messages = [("user", "Why?"), ("assistant", "It is four."), ("user", "So?")]
        spelled = builder.count("It is four.")
        reused, other = builder.build(messages, "a"), builder.build(messages, "b")
    assert len(reused.tokens) == len(other.tokens) - spelled + 2
    assert reused.text == other.text
