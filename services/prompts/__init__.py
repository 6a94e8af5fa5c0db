"""Prompts: what the model is told, in which order, and how it is made to fit the context window."""

from services.prompts.budget import FittedPrompt, fit_prompt
from services.prompts.sections import Passage, PromptParts, ask_for_answer, ask_for_reasoning

__all__ = ["FittedPrompt", "Passage", "PromptParts", "ask_for_answer", "ask_for_reasoning", "fit_prompt"]
