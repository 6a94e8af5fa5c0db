"""The system message: the session's own instructions, the default ones, or none."""

import pytest

from records.session import CitationRecord, ThinkingMode
from services.prompts import DEFAULT_INSTRUCTIONS, Passage, PromptParts
from services.prompts.sections import GROUNDED_INSTRUCTIONS, render_messages

PASSAGE = Passage(CitationRecord(1, None, None, "Manual", "A fact.", 3, 0.5, False, 0, 7, None), ("Bolts",))


def roles_and_instructions(system_prompt: str | None, *passages: Passage) -> tuple[list[str], str]:
    parts = PromptParts(system_prompt, ThinkingMode.RAG, (), passages, "Why?")
    messages = render_messages(parts)
    return [role for role, _ in messages], messages[0][1]


@pytest.mark.parametrize("system_prompt", ["", None])
def test_without_instructions_there_is_no_system_message(system_prompt: str | None) -> None:
    assert roles_and_instructions(system_prompt) == (["user"], "Why?")


@pytest.mark.parametrize("system_prompt", [DEFAULT_INSTRUCTIONS, "Be kind."])
def test_instructions_are_the_system_message(system_prompt: str) -> None:
    assert roles_and_instructions(system_prompt) == (["system", "user"], system_prompt)


@pytest.mark.parametrize("system_prompt", ["", None, DEFAULT_INSTRUCTIONS])
def test_passages_have_instructions_of_their_own(system_prompt: str | None) -> None:
    assert roles_and_instructions(system_prompt, PASSAGE) == (["system", "user"], GROUNDED_INSTRUCTIONS)


def test_the_sessions_instructions_precede_those_for_passages() -> None:
    _, instructions = roles_and_instructions("Be kind.", PASSAGE)
    assert instructions == f"Be kind.\n\n{GROUNDED_INSTRUCTIONS}"
