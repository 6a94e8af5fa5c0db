"""The switch for reasoning is found in any template. On, the prompt opens or allows reasoning; off, it closes reasoning."""

import pytest

from engines.inference.worker.prompting.chat_template import ChatTemplate
from engines.inference.worker.prompting.reasoning_detection import detect_format
from engines.inference.worker.prompting.thinking_switch import ThinkingSwitch, find_switch
from engines.inference.worker.streaming.reasoning_format import Section
from tests.support.models.chat_templates import (
    ALWAYS_OPEN,
    BY_BUDGET,
    BY_EFFORT,
    BY_INSTRUCTION,
    BY_MODE,
    BY_NEGATION,
    CHATML,
    OFF_BY_FALSE,
    ON_BY_TRUE,
)

QUESTION = [("system", "Be brief."), ("user", "Why?")]
START, REASONING, GAP = Section.START, Section.REASONING, Section.GAP


def sections(source: str) -> tuple[Section, Section, ThinkingSwitch]:
    """Return the sections that the prompts with and without reasoning end in, and the switch."""
    template = ChatTemplate(source, "", "")
    found = detect_format(template, ())
    assert found is not None
    switch = find_switch(template, found)

    def section(*, thinking: bool) -> Section:
        messages = switch.messages(QUESTION, thinking=thinking)
        return found.section(template.render(messages, switch.values(thinking=thinking)))

    return section(thinking=True), section(thinking=False), switch


@pytest.mark.parametrize(
    ("source", "on", "off"),
    [
        (OFF_BY_FALSE, START, GAP),
        (ON_BY_TRUE, REASONING, GAP),
        (ON_BY_TRUE.replace("thinking", "enable_thinking"), REASONING, GAP),
        (ON_BY_TRUE.replace("thinking", "use_reasoning"), REASONING, GAP),
        (BY_EFFORT, REASONING, GAP),
        (BY_MODE, REASONING, GAP),
        (BY_MODE.replace("'enabled'", "'on'").replace("'disabled'", "'off'"), REASONING, GAP),
        (BY_BUDGET, START, GAP),
        (CHATML + "{{ '<think>' if thinking_budget else '<think></think>' }}", REASONING, GAP),
        (CHATML + "{{ '<think>' if thinking == 'enabled' else '<think></think>' }}", REASONING, GAP),
        (CHATML + "{{ '<think>' if reasoning_mode else '<think></think>' }}", REASONING, GAP),
        (CHATML + "{{ '<think></think>' if reasoning_mode is false else '<think>' }}", REASONING, GAP),
        (BY_INSTRUCTION, REASONING, GAP),
        (BY_NEGATION, REASONING, GAP),
        (BY_NEGATION.replace("disable_thinking", "no_think"), REASONING, GAP),
        (ALWAYS_OPEN, REASONING, REASONING),
    ],
)
def test_the_switch_opens_and_closes_the_reasoning(source: str, on: Section, off: Section) -> None:
    found_on, found_off, switch = sections(source)
    assert (found_on, found_off) == (on, off)
    assert switch.is_effective


def test_a_level_that_is_only_printed_is_lowered() -> None:
    source = "{{ 'Reasoning: ' + (reasoning_effort or 'medium') }}" + CHATML + "{# <think> </think> #}"
    _, _, switch = sections(source)
    assert (switch.on, switch.off) == ({}, {"reasoning_effort": "low"})
    assert switch.is_effective


def test_a_template_without_a_switch_has_no_effective_switch() -> None:
    on, off, switch = sections(CHATML + "{# <think> </think> #}")
    assert (on, off) == (START, START)
    assert not switch.is_effective


def test_variables_for_the_reasoning_of_earlier_answers_are_not_changed() -> None:
    source = CHATML + "{% if preserve_thinking %}x{% endif %}{{ '<think>' }}{# </think> #}"
    _, _, switch = sections(source)
    assert (switch.on, switch.off) == ({}, {})
