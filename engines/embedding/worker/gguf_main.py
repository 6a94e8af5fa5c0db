"""Embedding worker for GGUF models, run by llama.cpp."""

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from llama_cpp import Llama
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.embedding.prefixes import find_prefixes
from engines.embedding.protocol import Description, Request, Start
from engines.embedding.worker.program import Floats, Program
from engines.inference.gguf.header_reader import read_header
from engines.inference.worker.llama.model import LlamaLog
from workers.child import CallFailure, Link, serve

__all__ = ["Request", "Start", "run"]

MAX_TOKENS = 1024
"""Tokens of a text that are embedded; the rest is ignored.

A chunk has at most 256 tokens in the vocabulary of the light embedder, and somewhat more in other vocabularies.
"""

UNUSABLE = "UNUSABLE"


class LlamaEmbedder:
    """A GGUF model on the CPU; GPUs are reserved for answers.

    Token vectors are pooled as the file declares. Files of language models declare nothing; the mean is used for them.
    Prefixes are put in front of the texts: see `engines.embedding.prefixes`.
    """

    def __init__(self, start: Start) -> None:
        """Load the model. Raises `CallFailure` if llama.cpp rejects the file."""
        self._threads = start.threads
        self._log = LlamaLog()
        entries = read_header(Path(start.path)).entries
        self._prefixes = find_prefixes(entries)
        try:
            self._model = Llama(
                start.path, embedding=True, pooling_type=_pooling(entries), n_ctx=MAX_TOKENS,
                n_batch=MAX_TOKENS, n_ubatch=MAX_TOKENS, n_threads=start.threads, n_threads_batch=start.threads,
                n_gpu_layers=0, offload_kqv=False, op_offload=False, verbose=False,
            )  # fmt: skip
        except (ValueError, AssertionError) as error:
            raise CallFailure(UNUSABLE, _reason(self._log)) from error

    def describe(self) -> Description:
        return Description(self._model.n_embd(), MAX_TOKENS, "float32", None, self._threads)

    def encode_prompt(self, text: str) -> Floats:
        return self._encode([self._prefixes.prompt + text])

    def encode_documents(self, texts: list[str]) -> Floats:
        return self._encode([self._prefixes.document + text for text in texts])

    def _encode(self, texts: list[str]) -> Floats:
        """Encode texts one by one: a text of some hundred tokens uses all threads."""
        return np.asarray([self._model.embed(text, normalize=True, truncate=True) for text in texts], np.float32)

    def compare(self, prompt: str, texts: list[str]) -> list[float]:
        raise CallFailure(UNUSABLE, "Only the light embedder compares texts token by token.")


def _pooling(entries: dict[str, Any]) -> int:
    """Return the pooling type for llama.cpp. Raises `CallFailure` for a model that ranks pairs of texts."""
    declared = entries.get(f"{entries.get('general.architecture')}.pooling_type")
    if declared == C.LLAMA_POOLING_TYPE_RANK:
        raise CallFailure(UNUSABLE, "It is a reranker: it scores pairs of texts and has no vectors.")
    return int(C.LLAMA_POOLING_TYPE_UNSPECIFIED if declared else C.LLAMA_POOLING_TYPE_MEAN)


def _reason(log: LlamaLog) -> str:
    errors = log.errors()
    return f"llama.cpp cannot load it: {errors[0].partition(': ')[2]}" if errors else "llama.cpp cannot load it."


def run(link: Link, start: Start) -> NoReturn:
    """Run the worker. Called by the harness of worker processes."""
    serve(link, Program(partial(LlamaEmbedder, start)).handle)
