"""Renders a conversation with the chat template of a model.

When a template is loaded, probe messages show what it supports: a system role, message text as a string or as a list of
parts, and the optional variables that it needs. A template that rejects or drops the system role gets the instructions in
front of the first user message. A model without a chat template continues a plain transcript.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engines.inference.worker.prompting.template_sandbox import MAX_SECONDS, SandboxedTemplate, TemplateFailed

Message = tuple[str, str]
"""Role (`system`, `user`, `assistant`) and text."""

COMPLETION_STOPS = ("\nQuestion:", "\nAnswer:", "\nPassages:")
"""Stop strings of a plain transcript: the labels with which its next message would begin."""

SYSTEM_PROBE, USER_PROBE, ANSWER_PROBE = "Ipsam 8c41f0.", "Quaero 51d3ab?", "Respondeo 90be27."
"""Texts that no template contains itself."""

_OPTIONAL_VALUES: tuple[Mapping[str, Any], ...] = (
    {},
    {"tools": None, "documents": None},
    {"tools": None, "documents": None, "functions": "[]"},
)
"""Sets of variables that a template may expect: none, those of transformers, and those of Firefunction."""


class ChatTemplate:
    """A compiled chat template."""

    def __init__(self, source: str, bos: str, eos: str, seconds: float = MAX_SECONDS) -> None:
        """Compile and try the template. Raises `TemplateFailed` if it cannot render a greeting."""
        self.source = source
        self.template = SandboxedTemplate(source, seconds)
        self._values: dict[str, Any] = {"bos_token": bos, "eos_token": eos}
        self._uses_parts = False
        self._has_system_role = True
        self._find_inputs()
        self._has_system_role = self._renders(SYSTEM_PROBE, [("system", SYSTEM_PROBE), ("user", USER_PROBE)])

    def _find_inputs(self) -> None:
        """Find the form of messages and the optional variables with which the template renders the user's text.

        Of several sets of variables, the one with the shortest prompt is chosen, because longer prompts contain sections
        for tools or documents that do not exist.
        """
        failure = TemplateFailed("It does not render the user's message.")
        for uses_parts in (False, True):
            self._uses_parts = uses_parts
            prompts: list[tuple[int, Mapping[str, Any]]] = []
            for values in _OPTIONAL_VALUES:
                try:
                    prompt = self.render([("user", USER_PROBE)], values)
                except TemplateFailed as error:
                    failure = error
                else:
                    if USER_PROBE in prompt:
                        prompts.append((len(prompt), values))
            if prompts:
                self._values |= min(prompts, key=lambda found: found[0])[1]
                return
        raise failure

    def _renders(self, text: str, messages: Sequence[Message]) -> bool:
        try:
            return text in self.render(messages)
        except TemplateFailed:
            return False

    def render(self, messages: Sequence[Message], values: Mapping[str, Any] | None = None) -> str:
        """Return the whole prompt, up to the position where the answer begins. `values` are additional variables.

        Raises `TemplateFailed` if the template rejects the messages, fails or exceeds its limits.
        """
        accepted = messages if self._has_system_role else merge_instructions(messages)
        return self.render_records([self._record(role, text) for role, text in accepted], values or {})

    def _record(self, role: str, text: str) -> dict[str, Any]:
        return {"role": role, "content": [{"type": "text", "text": text}] if self._uses_parts else text}

    def render_records(self, records: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> str:
        """Render messages in the form that templates expect: mappings with `role`, `content` and other keys."""
        now = datetime.now().astimezone()
        dates = {"date_string": now.strftime("%d %b %Y"), "datetime": now.strftime("%b %d %Y")}
        variables = {**dates, **self._values, "add_generation_prompt": True, **values, "messages": list(records)}
        return self.template.render(variables)


class CompletionTemplate:
    """Renders a conversation as a transcript, for a model without a chat template."""

    def render(self, messages: Sequence[Message]) -> str:
        return "\n\n".join([*(_labeled(role, text) for role, text in messages), "Answer:"])


def _labeled(role: str, text: str) -> str:
    label = {"user": "Question: ", "assistant": "Answer: "}.get(role, "")
    return text if text.startswith("Passages:") else f"{label}{text}"


def merge_instructions(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with the system messages put in front of the first user message."""
    instructions = "\n\n".join(text for role, text in messages if role == "system")
    rest = [(role, text) for role, text in messages if role != "system"]
    if not instructions:
        return rest
    first = next((index for index, (role, _) in enumerate(rest) if role == "user"), None)
    if first is None:
        return [("user", instructions), *rest]
    return [*rest[:first], ("user", f"{instructions}\n\n{rest[first][1]}"), *rest[first + 1 :]]
