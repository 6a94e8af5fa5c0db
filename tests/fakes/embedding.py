"""Embedders without a model: texts that share words have similar vectors, the same ones in every run."""

import hashlib
import math
import re
import struct
from collections.abc import Sequence

DIMENSIONS = 384


class FakeEmbedder:
    """Implements `engines.embedding.Embedder`. `prompts` and `documents` record the embedded texts."""

    model = "words-hashed"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.documents: list[str] = []

    async def embed_prompt(self, text: str) -> bytes:
        self.prompts.append(text)
        return struct.pack(f"<{DIMENSIONS}f", *unit_vector(text))

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        self.documents += texts
        return [struct.pack(f"<{DIMENSIONS}e", *unit_vector(text)) for text in texts]


def unit_vector(text: str) -> list[float]:
    """Return a vector in which each word adds ±1 to eight components that its hash selects.

    The vector of a text without words is the first unit vector.
    """
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.casefold()):
        digest = hashlib.blake2b(word.encode(), digest_size=32).digest()
        for place, sign in struct.iter_unpack("<HH", digest):
            vector[place % DIMENSIONS] += 1.0 if sign % 2 else -1.0
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else [1.0] + [0.0] * (DIMENSIONS - 1)


class ComparingEmbedder(FakeEmbedder):
    """Also compares texts: the score is the share of the prompt's words that the text contains."""

    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]:
        words = set(re.findall(r"\w+", prompt.casefold()))
        return [len(words & set(re.findall(r"\w+", text.casefold()))) / max(1, len(words)) for text in texts]
