"""Templates come from strangers: they are rendered as their authors meant, and cannot do any harm."""

import pytest

from engines.inference.worker.text.chat_template import (
    ChatTemplate,
    CompletionTemplate,
    TemplateFailed,
    merge_instructions,
)
from tests.support.tiny_gguf import CHAT_TEMPLATE

CHAT = [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi"), ("user", "Bye")]


def template(source: str, seconds: float = 2.0) -> ChatTemplate:
    return ChatTemplate(source, "<s>", "</s>", seconds)


def test_a_conversation_is_rendered_and_left_open_for_the_answer() -> None:
    assert (
        template(CHAT_TEMPLATE).render(CHAT[:2])
        == "<|start|>system\nBe brief.<|end|>\n<|start|>user\nHello<|end|>\n<|start|>assistant\n"
    )


def test_a_template_that_refuses_a_system_role_gets_it_in_the_first_user_message() -> None:
    refusing = (
        "{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('no system') }}"
        "{% endif %}[{{ message.role }}]{{ message.content }}{{ eos_token }}{% endfor %}"
    )
    assert template(refusing).render(CHAT[:2]) == "<s>[user]Be brief.\n\nHello</s>"


def test_a_template_that_drops_the_system_role_gets_it_in_the_first_user_message() -> None:
    dropping = "{% for message in messages if message.role != 'system' %}{{ message.content }}|{% endfor %}"
    assert template(dropping).render(CHAT) == "Be brief.\n\nHello|Hi|Bye|"


def test_merging_without_instructions_changes_nothing() -> None:
    assert merge_instructions(CHAT[1:]) == CHAT[1:]


def test_think_tags_in_the_template_are_noticed() -> None:
    assert template("{{ messages[-1].content }}<think>").thinks
    assert not template(CHAT_TEMPLATE).thinks


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 10000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '{:>10000000000}'.format(1) }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ missing.attribute }}",
        "{{ 1 / 0 }}",
        "{% for broken %}",
        "{% include '/etc/passwd' %}",
        "{{ raise_exception('never') }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_a_template_that_goes_wrong_only_fails(source: str) -> None:
    with pytest.raises(TemplateFailed):
        template(source, seconds=0.2)


def test_a_model_without_a_template_gets_a_transcript_to_go_on_with() -> None:
    completion = CompletionTemplate()
    assert completion.render(CHAT) == "Be brief.\n\nQuestion: Hello\n\nAnswer: Hi\n\nQuestion: Bye\n\nAnswer:"
    assert any(stop in "\nQuestion: What else?" for stop in completion.stops)
