"""The program of the embedding processes: one sentence-transformers model, one call at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer

from engines.embedding import maxsim, probe
from engines.embedding.protocol import (
    Compared,
    CompareTokens,
    Describe,
    Described,
    EmbedDocuments,
    EmbedPrompt,
    Precision,
    Request,
    Start,
    Vector,
    Vectors,
)
from workers.child import Call, CallCanceled, Link, serve

__all__ = ["Request", "Start", "run"]

BATCH = 16
"Texts that run through the model at once: on CPUs no slower than 32 or 64, and a cancel comes through sooner."


class Program:
    def __init__(self, start: Start) -> None:
        torch.set_num_threads(start.threads)
        self._threads = start.threads
        self._model, self._bfloat16_speed = _load(start.folder, start.precision)
        self._compared: tuple[str, Any] = ("", None)
        "The last prompt that texts were compared with, and its token vectors: they come in several calls."

    def handle(self, call: Call) -> Described | Vector | Vectors | Compared:
        request: Request = call.request
        match request:
            case Describe():
                return self._describe()
            case EmbedPrompt(text=text):
                return Vector(self._embed([text])[0].astype("<f4").tobytes())
            case EmbedDocuments(texts=texts):
                return Vectors(self._embed_documents(texts, call))
            case CompareTokens(prompt=prompt, texts=texts):
                return Compared(self._compare(prompt, texts))
        assert_never(request)

    def _describe(self) -> Described:
        return Described(
            dimensions=self._model.get_embedding_dimension(),
            max_tokens=self._model.max_seq_length,
            precision=_precision_of(self._model),
            bfloat16_speed=self._bfloat16_speed,
            threads=self._threads,
        )

    def _embed_documents(self, texts: Sequence[str], call: Call) -> list[bytes]:
        vectors = [b""] * len(texts)
        for batch in _batches(texts):
            if call.canceled:
                raise CallCanceled
            embedded = self._embed([texts[index] for index in batch]).astype("<f2")
            for index, vector in zip(batch, embedded, strict=True):
                vectors[index] = vector.tobytes()
        return vectors

    def _compare(self, prompt: str, texts: list[str]) -> list[float]:
        if self._compared[1] is None or self._compared[0] != prompt:
            self._compared = prompt, maxsim.token_vectors(self._model, [prompt])[0]
        vectors = maxsim.token_vectors(self._model, texts) if texts else []
        return [maxsim.similarity(self._compared[1], matrix) for matrix in vectors]

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """One batch; the lengths are set in float32, since in bfloat16 they come out only near 1."""
        vectors = self._model.encode(texts, batch_size=len(texts), show_progress_bar=False).astype(np.float32)
        normalized: npt.NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalized


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indexes of texts of like length together, since each batch is padded to its longest; long ones first."""
    by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    for first in range(0, len(by_length), BATCH):
        yield by_length[first : first + BATCH]


def _load(folder: str, precision: Precision | None) -> tuple[Any, float | None]:
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    model.eval()
    if precision is None:
        return probe.choose(model)
    return (model.bfloat16() if precision == "bfloat16" else model), None


def _precision_of(model: Any) -> Precision:
    return "bfloat16" if next(model.parameters()).dtype is torch.bfloat16 else "float32"


def run(link: Link, start: Start) -> None:
    serve(link, Program(start).handle)
