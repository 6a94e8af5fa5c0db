"""What the embedding worker is asked and what it answers."""

from typing import Literal

import msgspec

Precision = Literal["float32", "bfloat16"]


class Start(msgspec.Struct, frozen=True):
    folder: str
    "A sentence-transformers model on disk, or a GGUF file."
    threads: int
    precision: Precision | None = None
    "None: whichever a short probe finds faster on this CPU."


class Describe(msgspec.Struct, tag=True, frozen=True):
    """Which model runs, and how."""


class EmbedPrompt(msgspec.Struct, tag=True, frozen=True):
    text: str


class EmbedDocuments(msgspec.Struct, tag=True, frozen=True):
    texts: list[str]


class CompareTokens(msgspec.Struct, tag=True, frozen=True):
    """How well each text answers the prompt, by late interaction over token vectors."""

    prompt: str
    texts: list[str]


Request = Describe | EmbedPrompt | EmbedDocuments | CompareTokens


class Described(msgspec.Struct, frozen=True):
    dimensions: int
    max_tokens: int
    "What is longer is cut, unread."
    precision: Precision
    bfloat16_speed: float | None
    "How many times as fast as float32 the probe found bfloat16; None where it was not tried."
    threads: int


class Vector(msgspec.Struct, frozen=True):
    vector: bytes
    "float32, little-endian, unit length."


class Vectors(msgspec.Struct, frozen=True):
    vectors: list[bytes]
    "float16, little-endian, unit length; in the order of the texts."


class Compared(msgspec.Struct, frozen=True):
    scores: list[float]
    "-1 to 1, in the order of the texts."
