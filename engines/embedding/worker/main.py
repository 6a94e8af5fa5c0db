"""Embedding worker for sentence-transformers models."""

from functools import partial
from typing import Any, NoReturn

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from engines.embedding.protocol import Description, Precision, Request, Start
from engines.embedding.worker import maxsim
from engines.embedding.worker.padding import pad_to_steps, without_padding
from engines.embedding.worker.precision import choose_precision
from engines.embedding.worker.program import Floats, Program
from workers.child import Link, serve

__all__ = ["Request", "Start", "run"]


class Transformer:
    """A sentence-transformers model. Its own prefixes for queries and documents are put in front of the texts."""

    def __init__(self, start: Start) -> None:
        torch.set_num_threads(start.threads)
        self._threads = start.threads
        self._model, self._bfloat16_speed = _load(start.path, start.precision)
        self._last_prompt: tuple[str, Any] = ("", None)
        "The last prompt of `compare` with its token vectors; several calls have the same prompt."

    def describe(self) -> Description:
        return Description(
            dimensions=self._model.get_embedding_dimension(),
            max_tokens=self._model.max_seq_length,
            precision=_precision(self._model),
            bfloat16_speed=self._bfloat16_speed,
            threads=self._threads,
        )

    def encode_prompt(self, text: str) -> Floats:
        with without_padding(self._model):
            return _floats(self._model.encode_query([text], batch_size=1, show_progress_bar=False))

    def encode_documents(self, texts: list[str]) -> Floats:
        return _floats(self._model.encode_document(texts, batch_size=len(texts), show_progress_bar=False))

    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        if self._last_prompt[1] is None or self._last_prompt[0] != prompt:
            self._last_prompt = prompt, maxsim.token_vectors(self._model, [prompt])[0]
        vectors = maxsim.token_vectors(self._model, texts) if texts else []
        return [maxsim.similarity(self._last_prompt[1], matrix) for matrix in vectors]


def _floats(vectors: Any) -> Floats:
    floats: Floats = vectors.astype(np.float32)
    return floats


def _load(folder: str, precision: Precision | None) -> tuple[Any, float | None]:
    """Load the model in `precision`; if that is None, in the faster precision.

    Return the model, and the speed of bfloat16 relative to float32; None if the speed was not measured.
    """
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    model.eval()
    pad_to_steps(model)
    if precision is None:
        return choose_precision(model)
    return (model.bfloat16() if precision == "bfloat16" else model), None


def _precision(model: Any) -> Precision:
    return "bfloat16" if next(model.parameters()).dtype is torch.bfloat16 else "float32"


def run(link: Link, start: Start) -> NoReturn:
    """Run the worker. Called by the harness of worker processes."""
    serve(link, Program(partial(Transformer, start)).handle)
