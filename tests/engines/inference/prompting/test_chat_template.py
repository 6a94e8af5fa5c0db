"""A conversation is rendered as the template's author intended, whatever roles and variables the template expects."""

import pytest

from engines.inference.worker.prompting.chat_template import ChatTemplate, CompletionTemplate, merge_instructions
from engines.inference.worker.prompting.template_sandbox import TemplateFailed
from engines.inference.worker.prompting.turn_end import find_turn_end
from tests.support.models.chat_templates import CHATML, HARMONY, STRICT_ROLES

CHAT = [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi"), ("user", "Bye")]


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, "<s>", "</s>")


def test_the_prompt_ends_where_the_answer_begins() -> None:
    prompt = template(CHATML).render(CHAT[:2])
    assert prompt == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
    )


def test_instructions_go_into_the_first_user_message_if_the_system_role_is_rejected() -> None:
    assert template(STRICT_ROLES).render(CHAT[:2]).startswith("<|im_start|>user\nBe brief.\n\nHello<|im_end|>")


def test_instructions_go_into_the_first_user_message_if_the_system_role_is_dropped() -> None:
    dropping = "{% for message in messages if message.role != 'system' %}{{ message.content }}|{% endfor %}"
    assert template(dropping).render(CHAT) == "Be brief.\n\nHello|Hi|Bye|"


def test_merging_without_instructions_changes_nothing() -> None:
    assert merge_instructions(CHAT[1:]) == CHAT[1:]


def test_special_tokens_are_available_to_the_template() -> None:
    assert (
        template("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}").render([("user", "Hello")])
        == "<s>Hello</s>"
    )


@pytest.mark.parametrize(
    "check",
    [
        "{% if not tools is defined %}{% set tools = none %}{% endif %}{% if tools is not none %}TOOLS{% endif %}",
        "{% if tools is not none %}TOOLS{% endif %}",
        "{% if tools is defined %}TOOLS{% endif %}",
        "{% if documents is not none %}TOOLS{% endif %}",
        "{% if tools %}TOOLS{% endif %}",
    ],
)
def test_a_template_that_checks_for_tools_finds_none(check: str) -> None:
    assert "TOOLS" not in template(check + CHATML).render(CHAT)


def test_a_template_that_requires_functions_and_a_date_gets_them() -> None:
    source = "{% set suffix = 'Functions: ' + functions + ' Today: ' + datetime + date_string %}{{ suffix }}" + CHATML
    assert template(source).render(CHAT).startswith("Functions: [] Today: ")


def test_a_template_that_reads_parts_of_messages_gets_parts() -> None:
    source = "{% for m in messages %}{{ m.role }}: {% for p in m.content %}{{ p.text }}{% endfor %}|{% endfor %}"
    assert template(source).render(CHAT[1:3]) == "user: Hello|assistant: Hi|"


@pytest.mark.parametrize("source", ["{{ raise_exception('never') }}", "Hello", "{{ messages[0].text }}"])
def test_a_template_that_does_not_render_the_users_message_fails(source: str) -> None:
    with pytest.raises(TemplateFailed):
        template(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (CHATML, "<|im_end|>"),
        (HARMONY, "<|end|>"),
        ("{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}", "[user]"),
        ("{% for m in messages %}{{ m.role | title }}: {{ m.content }}\n\n{% endfor %}Assistant:", "\n\nUser:"),
        ("{% for m in messages %}{{ m.content }}\n{% endfor %}", ""),
        ("{{ messages[-1].content }}", ""),
    ],
)
def test_the_end_of_a_turn_is_found_in_the_template(source: str, expected: str) -> None:
    assert find_turn_end(template(source)) == expected


def test_a_model_without_a_template_continues_a_transcript() -> None:
    prompt = CompletionTemplate().render(CHAT)
    assert prompt == "Be brief.\n\nQuestion: Hello\n\nAnswer: Hi\n\nQuestion: Bye\n\nAnswer:"
