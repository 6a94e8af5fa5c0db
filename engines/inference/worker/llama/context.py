"""One model's KV cache and compute buffers, for several sequences at once. For one thread alone.

llama.cpp aborts the process for a batch above n_batch and for logits of a row that has none: `Batch` takes no more rows
than there is room for, and `Context.logits` is asked for rows that were added with `logits` alone.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it
from numpy.typing import NDArray

from engines.inference.defaults import DEFAULT_CONTEXT, MAX_UBATCH, PARALLEL_SEQUENCES
from engines.inference.gguf.tensor_types import CACHE_TYPES
from engines.inference.worker.llama.model import Abort, Model
from records.model import LoadRequest
from workers.cores import physical_cores

DECODED, NO_ROOM, ABORTED = 0, 1, 2


class Batch:
    """The rows of one decode: a token, its position and its sequence each."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.handle = C.llama_batch_init(room, 0, 1)
        self._tokens = np.ctypeslib.as_array(self.handle.token, shape=(room,))
        self._positions = np.ctypeslib.as_array(self.handle.pos, shape=(room,))
        self._logits = np.ctypeslib.as_array(self.handle.logits, shape=(room,))
        np.ctypeslib.as_array(self.handle.n_seq_id, shape=(room,))[:] = 1
        self._sequences = [self.handle.seq_id[row] for row in range(room)]

    def __len__(self) -> int:
        return int(self.handle.n_tokens)

    def clear(self) -> None:
        self.handle.n_tokens = 0

    def add(self, tokens: Sequence[int], position: int, sequence: int, *, logits: bool) -> int:
        """Append rows in order; gives the last one's number. `logits` asks for the last row's alone."""
        first, count = len(self), len(tokens)
        if not 0 < count <= self.room - first:
            raise ValueError(f"{count} tokens do not fit into a batch that has {first} of {self.room}")
        end = first + count
        self._tokens[first:end] = tokens
        self._positions[first:end] = np.arange(position, position + count)
        self._logits[first:end] = 0
        self._logits[end - 1] = logits
        for row in range(first, end):
            self._sequences[row][0] = sequence
        self.handle.n_tokens = end
        return end - 1

    def close(self) -> None:
        C.llama_batch_free(self.handle)


class Context:
    def __init__(self, handle: Any, model: Model, settings: LoadRequest, abort: Abort) -> None:
        self.handle = handle
        self.model = model
        self.settings = settings
        self.length = int(C.llama_n_ctx(handle))
        self.n_batch = int(C.llama_n_batch(handle))
        self.sequences = int(C.llama_n_seq_max(handle))
        self.parallel = settings.parallel_sequences or PARALLEL_SEQUENCES
        "Answers that may be made at once; sequences beyond that hold what was said, for the next turns."
        self.batch = Batch(self.n_batch)
        self._memory = C.llama_get_memory(handle)
        self._abort = abort
        self._reading = self._writing = int(C.llama_n_threads_batch(handle))
        C.llama_set_abort_callback(handle, abort.callback, abort.argument)

    @classmethod
    def create(cls, model: Model, settings: LoadRequest, abort: Abort) -> "Context | None":
        """None where there is not enough memory for it; `Log` says what was asked for."""
        parallel = settings.parallel_sequences or PARALLEL_SEQUENCES
        params = C.llama_context_default_params()
        params.n_ctx = settings.context_length or min(model.trained_context, DEFAULT_CONTEXT)
        params.n_batch = settings.batch_size or MAX_UBATCH
        params.n_ubatch = min(params.n_batch, MAX_UBATCH)
        params.n_seq_max = parallel if model.is_recurrent else 2 * parallel
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
        self.batch.close()
        C.llama_free(self.handle)

    @property
    def threads(self) -> int:
        """For reading; writing may be faster on fewer."""
        return self._reading

    def set_threads(self, count: int) -> None:
        """For reading and writing alike."""
        self._reading = self._writing = count

    def write_on(self, threads: int) -> None:
        """Cores for batches with a token of each answer."""
        self._writing = threads

    def decode(self, *, is_reading: bool) -> int:
        """Read the batch's rows; DECODED, NO_ROOM (nothing was read), ABORTED, or negative for a failure.

        After the last two, `held` tells of each sequence what the cache holds.
        """
        C.llama_set_n_threads(self.handle, self._writing, self._reading if is_reading else self._writing)
        return int(C.llama_decode(self.handle, self.batch.handle))

    def forget_abort(self) -> None:
        """A cancel that came too late for the decode that it was meant for must not end the next one."""
        self._abort.clear()

    def logits(self, row: int) -> NDArray[np.float32]:
        """Those of a row of the batch that was decoded last; a view that the next decode overwrites."""
        pointer = C.llama_get_logits_ith(self.handle, row)
        return np.ctypeslib.as_array(pointer, shape=(self.model.vocabulary_size,))

    def held(self, sequence: int) -> int:
        """Tokens of a sequence that the cache holds."""
        return int(C.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def cut(self, sequence: int, length: int) -> bool:
        """Forget what is behind the first `length` tokens; False where the model's cache cannot (it did not then)."""
        return bool(C.llama_memory_seq_rm(self._memory, sequence, length or -1, -1))

    def share(self, source: int, target: int, length: int) -> None:
        """Let the empty `target` begin as `source` does; takes no cells."""
        C.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def save(self, sequence: int) -> bytes:
        """What the cache holds of a sequence, for `restore`. Raises `MemoryError`."""
        size = int(C.llama_state_seq_get_size(self.handle, sequence))
        state = bytearray(size)
        buffer = (ctypes.c_uint8 * size).from_buffer(state)
        written = int(C.llama_state_seq_get_data(self.handle, buffer, size, sequence))
        return bytes(memoryview(state)[:written])

    def restore(self, sequence: int, state: bytes) -> bool:
        """Put back what `save` gave; False where there is no room, and the sequence is empty then."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if C.llama_state_seq_set_data(self.handle, buffer, len(state), sequence):
            return True
        self.cut(sequence, 0)
        return False


def _flash_attention(wanted: bool | None) -> int:
    if wanted is None:
        return int(C.LLAMA_FLASH_ATTN_TYPE_AUTO)
    return int(C.LLAMA_FLASH_ATTN_TYPE_ENABLED if wanted else C.LLAMA_FLASH_ATTN_TYPE_DISABLED)
