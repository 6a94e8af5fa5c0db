"""A thin layer over llama.cpp's C interface: its log, the flag that ends a decode, a model's weights and vocabulary.

Only worker programs import this module.
"""

import ctypes
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.worker.text.text_stream import CLOSE_TAG, OPEN_TAG
from records.model import LoadRequest

SHOWN_TAGS = (OPEN_TAG, CLOSE_TAG)
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

    def lines(self) -> list[str]:
        return [line for _, line in self._lines]

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
        texts = self.special_texts()
        self._special = {token: text.encode() if text in SHOWN_TAGS else b"" for token, text in texts.items()}
        self.is_recurrent = bool(C.llama_model_is_recurrent(handle) or C.llama_model_is_hybrid(handle))
        "Its state has no parts: a sequence can be kept or dropped whole, and nothing of it can be shared."

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

    def shown(self, token: int) -> bytes:
        """A token's bytes in an answer; control tokens are silent, but for think tags."""
        special = self._special.get(token)
        return self.piece(token) if special is None else special

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
