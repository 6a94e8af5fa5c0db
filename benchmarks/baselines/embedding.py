"""sentence-transformers with the bundled embedding model. Argument: the precision.

`float32` uses that precision; `fastest` uses the precision that Graphlore chooses on this machine.
"""

import sys
from time import perf_counter
from typing import Any

from sentence_transformers import SentenceTransformer

from benchmarks.baselines.json_lines import serve
from engines.embedding import bundled_folder
from engines.embedding.worker.precision import choose_precision

_MODEL: Any = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)


class BareEmbedder:
    def __init__(self, precision: str) -> None:
        self._model = _MODEL if precision == "float32" else choose_precision(_MODEL)[0]
        self._model.encode(["warm-up text"], show_progress_bar=False)

    def run(self, texts: list[str]) -> dict[str, Any]:
        """Return the seconds that `encode` takes with its defaults. For a single text, return its vector, too."""
        began = perf_counter()
        vectors = self._model.encode(texts, show_progress_bar=False)
        seconds = perf_counter() - began
        return {"seconds": seconds, "vector": vectors[0].astype(float).tolist() if len(texts) == 1 else None}


if __name__ == "__main__":
    serve(BareEmbedder(sys.argv[1]).run)
