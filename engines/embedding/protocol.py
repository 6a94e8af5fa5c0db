"""Messages between the server and an embedding worker."""

from typing import Literal

import msgspec

Precision = Literal["float32", "bfloat16"]


class Start(msgspec.Struct, frozen=True):
    """Arguments of the worker."""

    path: str
    "Folder of a sentence-transformers model, or a GGUF file."
    threads: int
    precision: Precision | None = None
    "None: the faster one, measured when the model is loaded."


class Describe(msgspec.Struct, tag=True, frozen=True):
    """Describe the loaded model. Reply: `Description`."""


class EmbedPrompt(msgspec.Struct, tag=True, frozen=True):
    """Embed a prompt. Reply: `Vector`."""

    text: str


class EmbedDocuments(msgspec.Struct, tag=True, frozen=True):
    """Embed texts of documents. Reply: `Vectors`."""

    texts: list[str]


class CompareTokens(msgspec.Struct, tag=True, frozen=True):
    """Score texts for a prompt by late interaction: token by token. Reply: `Similarities`."""

    prompt: str
    texts: list[str]


Request = Describe | EmbedPrompt | EmbedDocuments | CompareTokens


class Description(msgspec.Struct, frozen=True):
    """A loaded model."""

    dimensions: int
    max_tokens: int
    "Tokens of a text that are read; the rest of a longer text is ignored."
    precision: Precision
    bfloat16_speed: float | None
    "Measured speed of bfloat16 relative to float32; None if it was not measured."
    threads: int


class Vector(msgspec.Struct, frozen=True):
    vector: bytes
    "float32, little-endian, unit length."


class Vectors(msgspec.Struct, frozen=True):
    vectors: list[bytes]
    "float16, little-endian, unit length; in the order of the texts."


class Similarities(msgspec.Struct, frozen=True):
    scores: list[float]
    "From -1 to 1, in the order of the texts."
