"""The program of every embedding process: calls as they come, texts in small batches, whichever library runs the model.

The model is loaded with the first call, so that a file that cannot be used is a failure with a reason and no crash.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Protocol, assert_never

import numpy as np
import numpy.typing as npt

from engines.embedding.protocol import (
    Compared,
    CompareTokens,
    Describe,
    Described,
    EmbedDocuments,
    EmbedPrompt,
    Request,
    Vector,
    Vectors,
)
from workers.child import Call, CallCanceled

BATCH = 16
"Texts that run through the model at once: on CPUs no slower than 32 or 64, and a cancel comes through sooner."

Floats = npt.NDArray[np.float32]


class Encoder(Protocol):
    """A model at work. A row for each text, of any length."""

    def describe(self) -> Described: ...
    def encode_prompt(self, text: str) -> Floats: ...
    def encode_documents(self, texts: list[str]) -> Floats: ...
    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        """By late interaction, -1 to 1 each. Raises `CallFailure` where the library gives no token's own vector."""
        ...


class Program:
    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load()

    def handle(self, call: Call) -> Described | Vector | Vectors | Compared:
        request: Request = call.request
        match request:
            case Describe():
                return self._encoder.describe()
            case EmbedPrompt(text=text):
                return Vector(_normalized(self._encoder.encode_prompt(text))[0].astype("<f4").tobytes())
            case EmbedDocuments(texts=texts):
                return Vectors(self._embed_documents(texts, call))
            case CompareTokens(prompt=prompt, texts=texts):
                return Compared(self._encoder.compare(prompt, texts))
        assert_never(request)

    def _embed_documents(self, texts: Sequence[str], call: Call) -> list[bytes]:
        vectors = [b""] * len(texts)
        for batch in _batches(texts):
            if call.canceled:
                raise CallCanceled
            embedded = _normalized(self._encoder.encode_documents([texts[index] for index in batch])).astype("<f2")
            for index, vector in zip(batch, embedded, strict=True):
                vectors[index] = vector.tobytes()
        return vectors


def _normalized(vectors: Floats) -> Floats:
    """Unit length, set in float32, since in bfloat16 lengths come out only near 1. Zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normalized: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return normalized


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indexes of texts of like length together, since each batch is padded to its longest; long ones first."""
    by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    for first in range(0, len(by_length), BATCH):
        yield by_length[first : first + BATCH]
