"""Handles the calls of an embedding worker. The library that runs the model is behind the interface `Encoder`.

The model is loaded by the first call, so that an unusable file is a failure with a reason and not a crash.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Protocol, assert_never

import numpy as np
import numpy.typing as npt

from engines.embedding.protocol import (
    CompareTokens,
    Describe,
    Description,
    EmbedDocuments,
    EmbedPrompt,
    Request,
    Similarities,
    Vector,
    Vectors,
)
from workers.child import Call, CallCanceled

BATCH = 16
"""Texts that are encoded together: on CPUs as fast as 32 or 64, and a cancellation takes effect sooner."""

Floats = npt.NDArray[np.float32]


class Encoder(Protocol):
    """A loaded model. Its vectors are rows of a matrix and may have any length."""

    def describe(self) -> Description: ...
    def encode_prompt(self, text: str) -> Floats: ...
    def encode_documents(self, texts: list[str]) -> Floats: ...
    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        """Return a score from -1 to 1 for each text, by late interaction.

        Raises `CallFailure` if the library does not provide token vectors.
        """
        ...


class Program:
    """Handles the calls of a worker with an encoder that is loaded on demand."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load()

    def handle(self, call: Call) -> Description | Vector | Vectors | Similarities:
        request: Request = call.request
        match request:
            case Describe():
                return self._encoder.describe()
            case EmbedPrompt(text=text):
                return Vector(_normalized(self._encoder.encode_prompt(text))[0].astype("<f4").tobytes())
            case EmbedDocuments(texts=texts):
                return Vectors(self._embed_documents(texts, call))
            case CompareTokens(prompt=prompt, texts=texts):
                return Similarities(self._encoder.compare(prompt, texts))
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
    """Scale the rows to unit length in float32; in bfloat16 the lengths would only be near 1. Zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normalized: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return normalized


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the indexes of the texts in batches of similar length, the longest texts first.

    A batch is padded to the length of its longest text.
    """
    by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    for first in range(0, len(by_length), BATCH):
        yield by_length[first : first + BATCH]
