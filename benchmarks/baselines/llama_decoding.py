"""A minimal decode loop over llama.cpp: one sequence, greedy sampling, no text, no sockets.

Arguments: a GGUF file, a context length in tokens.
"""

import sys
from time import perf_counter
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from benchmarks.baselines.json_lines import serve
from workers.cores import physical_cores

_BATCH = 512

_silent = C.llama_log_callback(lambda _level, _text, _data: None)
"A callback that discards the log of llama.cpp, which would otherwise be printed between the results."


class DecodeLoop:
    def __init__(self, path: str, context_length: int) -> None:
        """Load the model with the parameters that Graphlore's engine sets."""
        C.llama_log_set(_silent, None)
        C.llama_backend_init()
        self._model = C.llama_model_load_from_file(path.encode(), C.llama_model_default_params())
        params = C.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context_length, _BATCH, _BATCH
        params.n_seq_max = params.n_outputs_max = 1
        params.n_threads = params.n_threads_batch = physical_cores()
        params.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_AUTO
        self._context = C.llama_init_from_model(self._model, params)
        self._vocabulary = C.llama_model_get_vocab(self._model)
        self._size = int(C.llama_vocab_n_tokens(self._vocabulary))

    def run(self, prompt: str, tokens: int) -> dict[str, Any]:
        """Decode `tokens` tokens after the prefill of `prompt`, and return the tokens per second of the decoding.

        The loop does not stop at end-of-text tokens.
        """
        C.llama_memory_clear(C.llama_get_memory(self._context), True)
        token = self._prefill(prompt)
        began = perf_counter()
        for _ in range(tokens):
            token = self._step([token])
        return {"tokens_per_second": tokens / (perf_counter() - began)}

    def _prefill(self, prompt: str) -> int:
        text = prompt.encode()
        buffer = (C.llama_token * (len(text) + 8))()
        count = C.llama_tokenize(self._vocabulary, text, len(text), buffer, len(buffer), True, True)
        return self._step(list(buffer[:count]))

    def _step(self, tokens: list[int]) -> int:
        batch = (C.llama_token * len(tokens))(*tokens)
        if C.llama_decode(self._context, C.llama_batch_get_one(batch, len(tokens))):
            raise RuntimeError("llama_decode failed")
        logits = np.ctypeslib.as_array(C.llama_get_logits_ith(self._context, -1), shape=(self._size,))
        return int(np.argmax(logits))


if __name__ == "__main__":
    serve(DecodeLoop(sys.argv[1], int(sys.argv[2])).run)
