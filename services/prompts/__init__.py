"""Model inputs: the sections that they consist of, and their fitting into the context window.

A prompt is the message of a user. The model input of its answer also contains instructions, history and passages.
"""

from services.prompts.budget import FittedPrompt, fit_prompt
from services.prompts.sections import (
    DEFAULT_INSTRUCTIONS,
    Passage,
    PromptParts,
    ask_for_answer,
    ask_for_reasoning,
)

__all__ = [
    "DEFAULT_INSTRUCTIONS",
    "FittedPrompt",
    "Passage",
    "PromptParts",
    "ask_for_answer",
    "ask_for_reasoning",
    "fit_prompt",
]
