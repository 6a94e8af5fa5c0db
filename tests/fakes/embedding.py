"""An embedder without a model: texts that share words get vectors that are near each other, the same ones every time."""

import hashlib
import math
import re
import struct
from collections.abc import Sequence

DIMENSIONS = 384


class FakeEmbedder:
    """Implements `engines.embedding.Embedder`. `prompts` and `documents` keep what was asked, for assertions."""

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
    """Each word adds ±1 to eight places that its hash names; a text without words points along the first axis."""
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.casefold()):
        digest = hashlib.blake2b(word.encode(), digest_size=32).digest()
        for place, sign in struct.iter_unpack("<HH", digest):
            vector[place % DIMENSIONS] += 1.0 if sign % 2 else -1.0
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else [1.0] + [0.0] * (DIMENSIONS - 1)


class ComparingEmbedder(FakeEmbedder):
    """Scores a text by the share of the prompt's words that it has."""

    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]:
        words = set(re.findall(r"\w+", prompt.casefold()))
        return [len(words & set(re.findall(r"\w+", text.casefold()))) / max(1, len(words)) for text in texts]
