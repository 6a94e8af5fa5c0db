"""The conversation format of a model: renders conversations as model input, and describes the markers in its output."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engines.inference.protocol import ReasoningSupport
from engines.inference.worker.llama.model import Model
from engines.inference.worker.prompting.chat_template import (
    COMPLETION_STOPS,
    ChatTemplate,
    CompletionTemplate,
    Message,
)
from engines.inference.worker.prompting.reasoning_detection import detect_format
from engines.inference.worker.prompting.template_sandbox import TemplateFailed
from engines.inference.worker.prompting.thinking_switch import ThinkingSwitch, find_switch
from engines.inference.worker.prompting.turn_end import find_turn_end
from engines.inference.worker.streaming.reasoning_format import ReasoningFormat, Section, as_control_token


@dataclass(frozen=True, slots=True)
class ConversationFormat:
    """The format of conversations with a model: its chat template and what `inspect_format` detected in it.

    The detected properties are the markers of reasoning, the switch that turns reasoning on, and the stop strings.
    """

    template: ChatTemplate | CompletionTemplate
    reasoning: ReasoningFormat | None = None
    "The markers as they are written in the prompt."
    output: ReasoningFormat | None = None
    "The markers as they occur in the generated text, in which control tokens are delimited by `CONTROL_START`."
    switch: ThinkingSwitch = field(default_factory=ThinkingSwitch)
    stop_strings: tuple[str, ...] = ()
    template_error: str | None = None
    "The reason why the model's own chat template cannot be used; None if it can, or if there is none."

    @property
    def support(self) -> ReasoningSupport:
        if self.reasoning is None:
            return ReasoningSupport.NONE
        return ReasoningSupport.NATIVE if self.switch.is_effective else ReasoningSupport.POSSIBLE

    def render(self, messages: Sequence[Message], *, thinking: bool) -> str:
        """Return the prompt; `thinking` switches the model's reasoning on.

        Raises `TemplateFailed` if the chat template rejects the messages.
        """
        if isinstance(self.template, CompletionTemplate):
            return self.template.render(messages)
        messages = self.switch.messages(messages, thinking=thinking)
        return self.template.render(messages, self.switch.values(thinking=thinking))

    def section(self, prompt: str) -> Section:
        """Return the section in which the generated text starts. It is not START if the prompt opens a section."""
        return self.reasoning.section(prompt) if self.reasoning else Section.START


def inspect_format(source: str | None, model: Model) -> ConversationFormat:
    """Detect the conversation format of a model from its chat template `source` and its vocabulary.

    `model` is changed: it outputs the text of the control tokens that markers consist of. For a model without a usable
    template, conversations are rendered as a plain transcript.
    """
    if source is None:
        return ConversationFormat(CompletionTemplate(), stop_strings=COMPLETION_STOPS)
    try:
        template = ChatTemplate(source, model.text(model.bos()), model.text(model.eos()))
    except TemplateFailed as failure:
        return ConversationFormat(CompletionTemplate(), stop_strings=COMPLETION_STOPS, template_error=str(failure))
    special = {**model.control_tokens, **model.user_defined_tokens}
    reasoning = detect_format(template, special.values())
    switch = find_switch(template, reasoning or ReasoningFormat(()))
    if reasoning is None:
        # Reasoning could not be separated from the answer, so it stays off in every mode.
        switch = replace(switch, on=switch.off, is_effective=False)
    return ConversationFormat(
        template=template,
        reasoning=reasoning,
        output=_bind(reasoning, model) if reasoning else None,
        switch=switch,
        stop_strings=_end_of_turn(template, reasoning, special, model),
    )


def _bind(reasoning: ReasoningFormat, model: Model) -> ReasoningFormat:
    """Make `model` output the text of the control tokens in markers; return the format with the markers as output."""
    tokens = {**model.control_tokens, **(model.user_defined_tokens if reasoning.is_strict else {})}
    texts = reasoning.marker_tokens(tokens.values())
    model.set_output_bytes({token: as_control_token(text).encode() for token, text in tokens.items() if text in texts})
    return reasoning.bind(texts)


def _end_of_turn(
    template: ChatTemplate, reasoning: ReasoningFormat | None, special: dict[int, str], model: Model
) -> tuple[str, ...]:
    """Return the template's end-of-turn marker as the only stop string.

    A marker that is a single token is added to the model's end-of-generation tokens instead, and the result is empty. It
    is also empty if the template has no such marker, or if the marker is part of a marker of reasoning.
    """
    turn_end = find_turn_end(template)
    if not turn_end or (reasoning and any(turn_end in marker for marker in reasoning.markers())):
        return ()
    tokens = [token for token, text in special.items() if text == turn_end]
    if not tokens:
        return (turn_end,)
    model.end_tokens.update(tokens)
    return ()
