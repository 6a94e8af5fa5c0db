"""A thin layer over llama.cpp's C interface: what must be freed has an owner, and what ends the process cannot be said.

llama.cpp aborts the process for a batch above n_batch, and for logits of a row that has none. So `Context.decode` takes at
most `n_batch` tokens and keeps the last row's logits alone, and `Context.logits` gives those. Only worker programs
import this module.
"""

import ctypes
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it
from numpy.typing import NDArray

from engines.inference.ggml import CACHE_TYPES
from engines.inference.hardware import physical_cores
from records.model import LoadRequest

DECODED, NO_ROOM, ABORTED = 0, 1, 2
LARGEST_UBATCH = 512
_WARNING, _ERROR, _CONTINUED = 3, 4, 5
_INFO = 2
_SPECIAL = C.LLAMA_TOKEN_ATTR_CONTROL | C.LLAMA_TOKEN_ATTR_UNKNOWN


class Log:
    """The last lines that llama.cpp wrote; warnings and errors go to stderr too, for the crash report."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=2000)
        self._level = _INFO
        self._callback = C.llama_log_callback(self._take)
        C.llama_log_set(self._callback, None)

    def _take(self, level: int, text: bytes, _: object) -> None:
        self._level = self._level if level == _CONTINUED else level
        line = text.decode("utf-8", "replace").rstrip("\n")
        self._lines.append((self._level, line))
        if self._level >= _WARNING and line.strip("."):
            sys.stderr.write(f"{line}\n")

    def clear(self) -> None:
        self._lines.clear()

    def errors(self) -> list[str]:
        return [line for level, line in self._lines if level == _ERROR and line.strip()]

    def find(self, words: str) -> str | None:
        """The newest line that holds these words."""
        return next((line for _, line in reversed(self._lines) if words in line), None)


class Abort:
    """A flag that ends `llama_decode` between two operations; set from any thread.

    llama.cpp asks `callback(data)`; libc's strlen over a buffer of two bytes is such a callback without any Python: the
    length is not 0 while the first byte is set.
    """

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        address = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value
        assert address is not None
        self.callback = C.ggml_abort_callback(address)
        self.argument = ctypes.cast(self._flag, ctypes.c_void_p)

    def set(self) -> None:
        self._flag[0] = b"\1"

    def clear(self) -> None:
        self._flag[0] = b"\0"


class Model:
    """Weights and vocabulary. Tokenizing is safe from any thread; `close` must come after that of its contexts."""

    def __init__(self, handle: Any, settings: LoadRequest) -> None:
        self.handle = handle
        self.settings = settings
        self.vocab = C.llama_model_get_vocab(handle)
        self.vocabulary_size = int(C.llama_vocab_n_tokens(self.vocab))
        self.trained_context = int(C.llama_model_n_ctx_train(handle))
        self.has_encoder = bool(C.llama_model_has_encoder(handle))

    @classmethod
    def load(cls, path: Path, settings: LoadRequest, progress: Callable[[float], bool]) -> "Model | None":
        """None where llama.cpp refuses the file (`Log` says why) or `progress` gave False."""
        params = C.llama_model_default_params()
        if settings.gpu_layers is not None:
            params.n_gpu_layers = settings.gpu_layers
        params.load_mode = _load_mode(settings)
        params.progress_callback = report = C.llama_progress_callback(lambda fraction, _: progress(fraction))
        handle = C.llama_model_load_from_file(str(path).encode(), params)
        del report
        return cls(handle, settings) if handle else None

    def close(self) -> None:
        C.llama_model_free(self.handle)

    def tokenize(self, text: str, *, special: bool, begin: bool) -> list[int]:
        """`special` reads control tokens' texts as such; `begin` adds what the vocabulary wants in front."""
        encoded = text.encode("utf-8", "replace")
        room = len(encoded) + 8
        buffer = (C.llama_token * room)()
        count = C.llama_tokenize(self.vocab, encoded, len(encoded), buffer, room, begin, special)
        if count < 0:
            buffer = (C.llama_token * -count)()
            count = C.llama_tokenize(self.vocab, encoded, len(encoded), buffer, -count, begin, special)
        return list(buffer[:count])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """A token's bytes; nothing for control tokens unless `special`."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = C.llama_token_to_piece(self.vocab, token, buffer, room, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        return bool(C.llama_vocab_is_eog(self.vocab, token))

    def special_texts(self) -> dict[int, str]:
        """The control tokens and how they are written."""
        attributes = C.llama_vocab_get_attr
        tokens = (token for token in range(self.vocabulary_size) if attributes(self.vocab, token) & _SPECIAL)
        texts = {token: self.piece(token, special=True).decode("utf-8", "replace") for token in tokens}
        return {token: text for token, text in texts.items() if text}

    def bos(self) -> int:
        return int(C.llama_vocab_bos(self.vocab))

    def eos(self) -> int:
        return int(C.llama_vocab_eos(self.vocab))

    def text(self, token: int) -> str:
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""


def _load_mode(settings: LoadRequest) -> int:
    mapped, locked = settings.use_mmap is not False, bool(settings.use_mlock)
    if mapped and locked:
        return int(C.LLAMA_LOAD_MODE_MMAP_MLOCK)
    if locked:
        return int(C.LLAMA_LOAD_MODE_MLOCK)
    return int(C.LLAMA_LOAD_MODE_MMAP if mapped else C.LLAMA_LOAD_MODE_NONE)


class Context:
    """The KV cache and compute buffers of one model, with one sequence, 0. For one thread alone."""

    def __init__(self, handle: Any, model: Model, settings: LoadRequest, abort: Abort) -> None:
        self.handle = handle
        self.model = model
        self.settings = settings
        self.length = int(C.llama_n_ctx(handle))
        self.n_batch = int(C.llama_n_batch(handle))
        self._abort = abort
        self._memory = C.llama_get_memory(handle)
        self._batch = C.llama_batch_init(self.n_batch, 0, 1)
        C.llama_set_abort_callback(handle, abort.callback, abort.argument)

    @classmethod
    def create(cls, model: Model, settings: LoadRequest, abort: Abort) -> "Context | None":
        """None where there is not enough memory for it; `Log` says what was asked for."""
        params = C.llama_context_default_params()
        params.n_ctx = settings.context_length or min(model.trained_context, 8192)
        params.n_batch = settings.batch_size or LARGEST_UBATCH
        params.n_ubatch = min(params.n_batch, LARGEST_UBATCH)
        params.n_seq_max = settings.parallel_sequences or 1
        params.n_outputs_max = params.n_seq_max
        params.n_threads = params.n_threads_batch = settings.threads or physical_cores()
        params.flash_attn_type = _flash_attention(settings.flash_attention)
        params.type_k = CACHE_TYPES[settings.key_cache_type or "f16"][0]
        params.type_v = CACHE_TYPES[settings.value_cache_type or "f16"][0]
        params.kv_unified = True
        params.swa_full = True
        handle = C.llama_init_from_model(model.handle, params)
        return cls(handle, model, settings, abort) if handle else None

    def close(self) -> None:
        C.llama_batch_free(self._batch)
        C.llama_free(self.handle)

    @property
    def threads(self) -> int:
        return int(C.llama_n_threads(self.handle))

    def set_threads(self, threads: int) -> None:
        C.llama_set_n_threads(self.handle, threads, threads)

    def decode(self, tokens: Sequence[int], position: int, *, logits: bool) -> int:
        """Read at most `n_batch` tokens at `position`; DECODED, NO_ROOM, ABORTED, or negative for a failure."""
        count = len(tokens)
        if not 0 < count <= self.n_batch:
            raise ValueError(f"{count} tokens do not make a batch of 1 to {self.n_batch}")
        batch = self._batch
        batch.n_tokens = count
        for at, token in enumerate(tokens):
            batch.token[at] = token
            batch.pos[at] = position + at
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = 0
            batch.logits[at] = 0
        batch.logits[count - 1] = logits
        return int(C.llama_decode(self.handle, batch))

    def logits(self) -> NDArray[np.float32]:
        """Those of the last row that was decoded with `logits`; a view that the next decode overwrites."""
        pointer = C.llama_get_logits_ith(self.handle, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.model.vocabulary_size,))

    def held(self) -> int:
        """Tokens that the cache holds."""
        return int(C.llama_memory_seq_pos_max(self._memory, 0)) + 1

    def keep(self, count: int) -> int:
        """Forget all but the first `count` tokens; gives how many are kept, which may be none."""
        if count and C.llama_memory_seq_rm(self._memory, 0, count, -1):
            return count
        C.llama_memory_clear(self._memory, False)
        return 0


def _flash_attention(wanted: bool | None) -> int:
    if wanted is None:
        return int(C.LLAMA_FLASH_ATTN_TYPE_AUTO)
    return int(C.LLAMA_FLASH_ATTN_TYPE_ENABLED if wanted else C.LLAMA_FLASH_ATTN_TYPE_DISABLED)
