"""The program of the embedding processes with one sentence-transformers model."""

from functools import partial
from typing import Any, NoReturn

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from engines.embedding.protocol import Described, Precision, Request, Start
from engines.embedding.worker import maxsim
from engines.embedding.worker import precision as probe
from engines.embedding.worker.padding import even_lengths
from engines.embedding.worker.program import Floats, Program
from workers.child import Link, serve

__all__ = ["Request", "Start", "run"]


class Transformer:
    """Where the model names instructions for queries and documents, they stand in front of the texts."""

    def __init__(self, start: Start) -> None:
        torch.set_num_threads(start.threads)
        self._threads = start.threads
        self._model, self._bfloat16_speed = _load(start.folder, start.precision)
        self._compared: tuple[str, Any] = ("", None)
        "The last prompt that texts were compared with, and its token vectors: they come in several calls."

    def describe(self) -> Described:
        return Described(
            dimensions=self._model.get_embedding_dimension(),
            max_tokens=self._model.max_seq_length,
            precision=_precision_of(self._model),
            bfloat16_speed=self._bfloat16_speed,
            threads=self._threads,
        )

    def encode_prompt(self, text: str) -> Floats:
        return _floats(self._model.encode_query([text], batch_size=1, show_progress_bar=False))

    def encode_documents(self, texts: list[str]) -> Floats:
        return _floats(self._model.encode_document(texts, batch_size=len(texts), show_progress_bar=False))

    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        if self._compared[1] is None or self._compared[0] != prompt:
            self._compared = prompt, maxsim.token_vectors(self._model, [prompt])[0]
        vectors = maxsim.token_vectors(self._model, texts) if texts else []
        return [maxsim.similarity(self._compared[1], matrix) for matrix in vectors]


def _floats(vectors: Any) -> Floats:
    floats: Floats = vectors.astype(np.float32)
    return floats


def _load(folder: str, precision: Precision | None) -> tuple[Any, float | None]:
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    model.eval()
    even_lengths(model)
    if precision is None:
        return probe.choose(model)
    return (model.bfloat16() if precision == "bfloat16" else model), None


def _precision_of(model: Any) -> Precision:
    return "bfloat16" if next(model.parameters()).dtype is torch.bfloat16 else "float32"


def run(link: Link, start: Start) -> NoReturn:
    serve(link, Program(partial(Transformer, start)).handle)
