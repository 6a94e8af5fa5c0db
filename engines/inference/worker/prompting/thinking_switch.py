"""Finds the variables by which a chat template turns the model's reasoning on and off.

There is no standard for them: `enable_thinking`, `thinking`, `reasoning_effort`, `thinking_mode`, `thinking_budget` and
others are in use, with different defaults. A variable of the template is a candidate if its name contains a word for
reasoning. The values to try are those that the template compares the variable with. For each value, the end of the rendered
prompt shows whether a block of reasoning is opened or closed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from engines.inference.worker.prompting.chat_template import SYSTEM_PROBE, USER_PROBE, ChatTemplate, Message
from engines.inference.worker.prompting.template_sandbox import TemplateFailed
from engines.inference.worker.streaming.reasoning_format import ReasoningFormat, Section

_TOPIC = re.compile(r"think|reason|cot\b")
_OTHER_PURPOSE = re.compile(
    r"content|history|past|previous|preserve|clear|keep|render|truncate|drop|skip|strip|instruction|prompt|token|tag|"
    r"start|end|begin|interval|message|text|default|part|include"
)
"""Variables that concern the reasoning of earlier answers, or contain text."""

_NEGATIVE = re.compile(r"^non?_?(think|reason|cot)|_no_|disable|without|suppress|omit|hide")
"""Variables that switch reasoning off if they are true."""

_AMOUNT = re.compile(r"budget|max|limit|length")
_LEVEL = re.compile(r"effort|strength|level|mode|option|style|strategy|intensity")

_ON_AMOUNT = 1024
_OFF_VALUES = ("none", "no_think", "nothink", "off", "disabled", "disable", "false", "no", "chat", "minimal", "low")
_ON_VALUES = ("enabled", "enable", "on", "true", "yes", "thinking", "think", "medium", "high", "low", "max")
"""Values of a level or a mode, the most effective first. A value is tried if the template compares the variable with it."""

_OFF_INSTRUCTIONS = ("/no_think", "/nothink", "detailed thinking off")
"""Texts in the system message that some templates look for."""

Values = Mapping[str, Any]

MAX_SCORE = 3
"""Score of a candidate that has the wanted effect for certain."""


class State(IntEnum):
    """State of the reasoning at the end of a rendered prompt."""

    CLOSED = 0
    NEUTRAL = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class ThinkingSwitch:
    """The variables and instructions that switch a model's reasoning on and off in its chat template."""

    on: Values = field(default_factory=dict)
    off: Values = field(default_factory=dict)
    off_instruction: str = ""
    "Text for the system message, in addition to the variables."
    is_effective: bool = False
    "True if the prompts with and without reasoning differ, or if the prompt always opens reasoning."

    def values(self, *, thinking: bool) -> Values:
        return self.on if thinking else self.off

    def messages(self, messages: Sequence[Message], *, thinking: bool) -> Sequence[Message]:
        return messages if thinking or not self.off_instruction else instruct(messages, self.off_instruction)


def instruct(messages: Sequence[Message], instruction: str) -> list[Message]:
    """Return the messages with a line added to the system message."""
    if messages and messages[0][0] == "system":
        return [("system", f"{messages[0][1]}\n{instruction}"), *messages[1:]]
    return [("system", instruction), *messages]


def boolean_variables(template: ChatTemplate) -> list[str]:
    """Return the variables that probably switch reasoning on or off by true and false."""
    return [name for name in _variables(template) if not _AMOUNT.search(name) and not _LEVEL.search(name)]


def boolean_values(names: Sequence[str], *, thinking: bool) -> dict[str, bool]:
    """Return the value of each boolean variable that switches reasoning on, or off if `thinking` is False."""
    return {name: thinking != bool(_NEGATIVE.search(name)) for name in names}


def _variables(template: ChatTemplate) -> list[str]:
    names = sorted(template.template.variables)
    return [name for name in names if _TOPIC.search(name) and not _OTHER_PURPOSE.search(name)]


def find_switch(template: ChatTemplate, format: ReasoningFormat) -> ThinkingSwitch:
    """Try the candidates for switching reasoning on and off, and return those with the clearest effect."""
    probe = _Probe(template, format)
    default = probe.render({})
    if default is None:
        return ThinkingSwitch()
    off, off_prompt = probe.best(
        _candidates(template, thinking=False), lambda prompt: _off_score(probe, prompt, default), default
    )
    instruction = ""
    if probe.state(off_prompt) is not State.CLOSED:
        instruction, off_prompt = _find_instruction(template, probe, off, off_prompt)
    on, on_prompt = probe.best(
        _candidates(template, thinking=True), lambda prompt: _on_score(probe, prompt, off_prompt), default
    )
    is_effective = on_prompt != off_prompt or probe.state(on_prompt) is State.OPEN
    return ThinkingSwitch(on, off, instruction, is_effective)


class _Probe:
    """Renders a short conversation and classifies the end of the prompt."""

    def __init__(self, template: ChatTemplate, format: ReasoningFormat) -> None:
        self._template = template
        self._format = format

    def render(self, values: Values, instruction: str = "") -> str | None:
        messages = [("system", f"{SYSTEM_PROBE}\n{instruction}".strip()), ("user", USER_PROBE)]
        try:
            return self._template.render(messages, values)
        except TemplateFailed:
            return None

    def state(self, prompt: str) -> State:
        tail = prompt.rpartition(USER_PROBE)[2]
        match self._format.section(tail):
            case Section.REASONING:
                return State.OPEN
            case Section.WRAPPED_ANSWER:
                return State.CLOSED
            case Section.GAP if not self._format.is_strict or self._has_opening(tail):
                return State.CLOSED
            case _:
                return State.NEUTRAL

    def _has_opening(self, tail: str) -> bool:
        """Return whether `tail`, the end of the prompt, contains a marker that opens reasoning.

        A closing marker without an opening one may be the end of the template's user message instead.
        """
        return any(block.opening in tail for block in self._format.blocks)

    def best(self, candidates: Iterator[Values], score: Callable[[str], int], default: str) -> tuple[Values, str]:
        """Return the values with the highest score, and the prompt that is rendered with them.

        The first candidate is an empty set of values, whose prompt is `default`. Of equal scores, the first one wins.
        """
        found: tuple[int, Values, str] = (score(default), {}, default)
        for values in candidates:
            if found[0] == MAX_SCORE:
                break
            prompt = self.render(values)
            if prompt is not None and score(prompt) > found[0]:
                found = (score(prompt), values, prompt)
        return found[1], found[2]


def _off_score(probe: _Probe, prompt: str, default: str) -> int:
    """Return a score from 0 to MAX_SCORE: the highest for a prompt that closes reasoning, less for one that leaves it open.

    `default` is the prompt that is rendered without any values.
    """
    state = probe.state(prompt)
    if state is State.CLOSED:
        return MAX_SCORE
    is_better = state < probe.state(default)
    return 2 if is_better else int(prompt != default and state is not State.OPEN)


def _on_score(probe: _Probe, prompt: str, off: str) -> int:
    """Return a score from 0 to MAX_SCORE: the highest for a prompt that opens reasoning.

    A prompt that merely differs from `off`, the prompt without reasoning, gets 2.
    """
    state = probe.state(prompt)
    if state is State.OPEN:
        return MAX_SCORE
    return 0 if prompt == off or state is State.CLOSED else 2


def _candidates(template: ChatTemplate, *, thinking: bool) -> Iterator[Values]:
    """Yield values that may switch reasoning on or off: all boolean variables together, then each variable alone."""
    booleans = boolean_variables(template)
    if booleans:
        yield boolean_values(booleans, thinking=thinking)
    for name in _variables(template):
        if _AMOUNT.search(name):
            yield {name: _ON_AMOUNT if thinking else 0}
        known = template.template.compared_values(name)
        if not known and _LEVEL.search(name):
            known = ["high" if thinking else "low"]
        yield from ({name: value} for value in (_ON_VALUES if thinking else _OFF_VALUES) if value in known)
        yield boolean_values([name], thinking=thinking)


def _find_instruction(template: ChatTemplate, probe: _Probe, off: Values, off_prompt: str) -> tuple[str, str]:
    """Return the instruction that switches reasoning off, and the prompt that is rendered with it.

    If no instruction has this effect, return an empty string and `off_prompt`.
    """
    for instruction in _OFF_INSTRUCTIONS:
        prompt = probe.render(off, instruction) if instruction in template.source else None
        if prompt is not None and probe.state(prompt) < probe.state(off_prompt):
            return instruction, prompt
    return "", off_prompt
