"""The program of the embedding processes with one GGUF model, run by llama.cpp."""

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from llama_cpp import Llama
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.embedding.prefixes import prefixes_of
from engines.embedding.protocol import Described, Request, Start
from engines.embedding.worker.program import Floats, Program
from engines.inference.gguf.header_reader import read_header
from engines.inference.worker.llama.model import LlamaLog
from workers.child import CallFailure, Link, serve

__all__ = ["Request", "Start", "run"]

MOST_TOKENS = 1024
"What is longer is cut. A chunk has 256 tokens of the light embedder at most, and some more of other models."
UNUSABLE = "UNUSABLE"


class LlamaEmbedder:
    """Pools as the file says, and by the mean where it does not say: models that write leave it out.

    What the model was trained to see before prompts and documents stands before them: see `prefixes`.
    """

    def __init__(self, start: Start) -> None:
        """Raises `CallFailure` where llama.cpp refuses the file. On the CPU alone, since GPUs are for answers."""
        self._threads = start.threads
        self._log = LlamaLog()
        entries = read_header(Path(start.folder)).entries
        self._prefixes = prefixes_of(entries)
        try:
            self._model = Llama(
                start.folder, embedding=True, pooling_type=_pooling(entries), n_ctx=MOST_TOKENS,
                n_batch=MOST_TOKENS, n_ubatch=MOST_TOKENS, n_threads=start.threads, n_threads_batch=start.threads,
                n_gpu_layers=0, offload_kqv=False, op_offload=False, verbose=False,
            )  # fmt: skip
        except (ValueError, AssertionError) as error:
            raise CallFailure(UNUSABLE, _reason(self._log)) from error

    def describe(self) -> Described:
        return Described(self._model.n_embd(), MOST_TOKENS, "float32", None, self._threads)

    def encode_prompt(self, text: str) -> Floats:
        return self._encode([self._prefixes.prompt + text])

    def encode_documents(self, texts: list[str]) -> Floats:
        return self._encode([self._prefixes.document + text for text in texts])

    def _encode(self, texts: list[str]) -> Floats:
        """One after the other: a text of some hundred tokens fills the processor by itself."""
        return np.asarray([self._model.embed(text, normalize=True, truncate=True) for text in texts], np.float32)

    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        raise CallFailure(UNUSABLE, "Texts are compared token by token with the light embedder alone.")


def _pooling(entries: dict[str, Any]) -> int:
    """Raises `CallFailure` for a model that ranks pairs of texts."""
    named = entries.get(f"{entries.get('general.architecture')}.pooling_type")
    if named == C.LLAMA_POOLING_TYPE_RANK:
        raise CallFailure(UNUSABLE, "It ranks pairs of texts and embeds none.")
    return int(C.LLAMA_POOLING_TYPE_UNSPECIFIED if named else C.LLAMA_POOLING_TYPE_MEAN)


def _reason(log: LlamaLog) -> str:
    errors = log.errors()
    return f"llama.cpp cannot load it: {errors[0].partition(': ')[2]}" if errors else "llama.cpp cannot load it."


def run(link: Link, start: Start) -> NoReturn:
    serve(link, Program(partial(LlamaEmbedder, start)).handle)
