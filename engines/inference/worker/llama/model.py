"""Bindings to llama.cpp's C interface: its log, the abort flag of a decode, and a model's weights and vocabulary.

Imported in worker processes only.
"""

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from records.model import LoadRequest

_INFO, _WARNING, _ERROR, _CONTINUED = 2, 3, 4, 5
"""Levels of `ggml_log_level`."""

_CONTROL = C.LLAMA_TOKEN_ATTR_CONTROL | C.LLAMA_TOKEN_ATTR_UNKNOWN
_USER_DEFINED = C.LLAMA_TOKEN_ATTR_USER_DEFINED
_MAX_LINES = 2000
_PIECE_BYTES = 64


class LlamaLog:
    """Keeps the last lines of llama.cpp's log. Warnings and errors are also written to stderr, for the crash report."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=_MAX_LINES)
        self._level = _INFO
        self._callback = C.llama_log_callback(self._record)
        C.llama_log_set(self._callback, None)

    def _record(self, level: int, text: bytes, _: object) -> None:
        self._level = self._level if level == _CONTINUED else level
        line = text.decode("utf-8", "replace").rstrip("\n")
        self._lines.append((self._level, line))
        if self._level >= _WARNING and line.strip("."):
            sys.stderr.write(f"{line}\n")

    def clear(self) -> None:
        self._lines.clear()

    def errors(self) -> list[str]:
        """Return the lines of the log that are errors, oldest first."""
        return [line for level, line in self._lines if level == _ERROR and line.strip()]

    def lines(self) -> list[str]:
        """Return all lines of the log, oldest first."""
        return [line for _, line in self._lines]

    def find(self, words: str) -> str | None:
        """Return the newest line of the log that contains `words`; None if there is none."""
        return next((line for _, line in reversed(self._lines) if words in line), None)


class AbortFlag:
    """A flag that ends a running `llama_decode` between two operations. It can be set from any thread.

    llama.cpp calls `callback(argument)` and aborts on a nonzero result. The callback is libc's `strlen` over a buffer of
    two bytes, so no Python code runs: the length is not zero while the first byte is set.
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
    """Weights and vocabulary of a loaded model.

    Tokenizing is safe from any thread. `close` must be called after the model's contexts are closed.
    """

    def __init__(self, handle: Any, settings: LoadRequest) -> None:
        self.handle = handle
        self.settings = settings
        self.vocab = C.llama_model_get_vocab(handle)
        self.vocabulary_size = int(C.llama_vocab_n_tokens(self.vocab))
        self.trained_context = int(C.llama_model_n_ctx_train(handle))
        self.has_encoder = bool(C.llama_model_has_encoder(handle))
        self.control_tokens = self._texts(_CONTROL)
        "Texts of the control tokens, by token. They are not part of an answer's text."
        self.user_defined_tokens = self._texts(_USER_DEFINED)
        "Texts of the user-defined tokens, by token. llama.cpp recognizes them in any text."
        self.end_tokens: set[int] = set()
        "Tokens that end an answer in addition to those of the vocabulary."
        self._output = dict.fromkeys(self.control_tokens, b"")
        self.is_recurrent = bool(C.llama_model_is_recurrent(handle) or C.llama_model_is_hybrid(handle))
        "The state of a sequence cannot be truncated or shared: it is kept or dropped as a whole."

    @classmethod
    def load(cls, path: Path, settings: LoadRequest, progress: Callable[[float], bool]) -> "Model | None":
        """Load a model. `progress` receives fractions from 0 to 1 and returns False to cancel.

        Returns None if loading was canceled or llama.cpp rejected the file; the log contains the reason.
        """
        params = C.llama_model_default_params()
        if settings.gpu_layers is not None:
            params.n_gpu_layers = settings.gpu_layers
        params.load_mode = _load_mode(settings)
        params.progress_callback = report = C.llama_progress_callback(lambda fraction, _: progress(fraction))
        handle = C.llama_model_load_from_file(os.fsencode(path), params)
        del report
        return cls(handle, settings) if handle else None

    def close(self) -> None:
        C.llama_model_free(self.handle)

    def tokenize(self, text: str, *, parse_special: bool, add_special: bool) -> list[int]:
        """Return the tokens of a text.

        `parse_special` recognizes the texts of control tokens; `add_special` adds the tokens that the vocabulary
        requires at the beginning. The names are those of `llama_tokenize`.
        """
        encoded = text.encode("utf-8", "replace")
        room = len(encoded) + 8
        buffer = (C.llama_token * room)()
        count = C.llama_tokenize(self.vocab, encoded, len(encoded), buffer, room, add_special, parse_special)
        if count < 0:
            room = -count
            buffer = (C.llama_token * room)()
            count = C.llama_tokenize(self.vocab, encoded, len(encoded), buffer, room, add_special, parse_special)
        return list(buffer[:count])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """Return the bytes of a token; empty for a control token unless `special`."""
        room = _PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = C.llama_token_to_piece(self.vocab, token, buffer, room, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def is_end(self, token: int) -> bool:
        """Return whether the token ends an answer."""
        return bool(C.llama_vocab_is_eog(self.vocab, token)) or token in self.end_tokens

    def _texts(self, attribute: int) -> dict[int, str]:
        attributes = C.llama_vocab_get_attr
        tokens = (token for token in range(self.vocabulary_size) if attributes(self.vocab, token) & attribute)
        texts = {token: self.text(token) for token in tokens}
        return {token: text for token, text in texts.items() if text}

    def set_output_bytes(self, output: Mapping[int, bytes]) -> None:
        """Set the bytes that `output_bytes` returns for the tokens of `output`."""
        self._output |= output

    def output_bytes(self, token: int) -> bytes:
        """Return the bytes that a generated token adds to the output.

        A control token adds none, unless `set_output_bytes` has set some.
        """
        output = self._output.get(token)
        return self.piece(token) if output is None else output

    def bos(self) -> int:
        """Return the token that begins a text; negative if the vocabulary has none."""
        return int(C.llama_vocab_bos(self.vocab))

    def eos(self) -> int:
        """Return the token that ends a text; negative if the vocabulary has none."""
        return int(C.llama_vocab_eos(self.vocab))

    def text(self, token: int) -> str:
        """Return the text of a token, including that of a control token; empty for a negative token."""
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""


def _load_mode(settings: LoadRequest) -> int:
    mapped, locked = settings.use_mmap is not False, bool(settings.use_mlock)
    if mapped and locked:
        return int(C.LLAMA_LOAD_MODE_MMAP_MLOCK)
    if locked:
        return int(C.LLAMA_LOAD_MODE_MLOCK)
    return int(C.LLAMA_LOAD_MODE_MMAP if mapped else C.LLAMA_LOAD_MODE_NONE)
