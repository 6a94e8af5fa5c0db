"""Bare sentence-transformers with our embedder's model: argument `float32`, or `fastest` as our own probe chooses."""

import sys
from time import perf_counter
from typing import Any

from sentence_transformers import SentenceTransformer

from benchmarks.rivals.answering import answer
from engines.embedding import bundled_folder
from engines.embedding.worker.precision import choose_precision

_MODEL: Any = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)


class Embedding:
    def __init__(self, precision: str) -> None:
        self._model = _MODEL if precision == "float32" else choose_precision(_MODEL)[0]
        self._model.encode(["to warm up"], show_progress_bar=False)

    def run(self, texts: list[str]) -> dict[str, Any]:
        """Seconds for `encode` with its own defaults."""
        began = perf_counter()
        vectors = self._model.encode(texts, show_progress_bar=False)
        seconds = perf_counter() - began
        return {"seconds": seconds, "vector": vectors[0].astype(float).tolist() if len(texts) == 1 else None}


if __name__ == "__main__":
    answer(Embedding(sys.argv[1]).run)
