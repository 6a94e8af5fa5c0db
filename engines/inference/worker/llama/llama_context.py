"""A llama.cpp context: the KV cache and compute buffers of a model, for several sequences. Used by one thread only.

llama.cpp aborts the process if a batch has more than n_batch rows, and if logits are read that were not computed.
Therefore `Batch` rejects rows that it has no room for, and `Context.logits` must be called only for rows that were added
with `logits`.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it
from numpy.typing import NDArray

from engines.inference.defaults import DEFAULT_CONTEXT, MAX_UBATCH, PARALLEL_SEQUENCES
from engines.inference.gguf.tensor_types import CACHE_TYPES
from engines.inference.worker.llama.model import AbortFlag, Model
from records.model import LoadRequest
from workers.cores import physical_cores

DECODED, NO_ROOM, ABORTED = 0, 1, 2
"""Results of `llama_decode`; negative results are failures."""


class Batch:
    """The rows of one decode: each has a token, its position and its sequence."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.handle = C.llama_batch_init(capacity, 0, 1)
        self._tokens = np.ctypeslib.as_array(self.handle.token, shape=(capacity,))
        self._positions = np.ctypeslib.as_array(self.handle.pos, shape=(capacity,))
        self._logits = np.ctypeslib.as_array(self.handle.logits, shape=(capacity,))
        np.ctypeslib.as_array(self.handle.n_seq_id, shape=(capacity,))[:] = 1
        self._sequences = [self.handle.seq_id[row] for row in range(capacity)]

    def __len__(self) -> int:
        return int(self.handle.n_tokens)

    def clear(self) -> None:
        self.handle.n_tokens = 0

    def add(self, tokens: Sequence[int], position: int, sequence: int, *, logits: bool) -> int:
        """Append consecutive tokens of a sequence and return the number of the last row.

        `logits` requests the logits of the last row. Raises `ValueError` if the batch has no room for the tokens.
        """
        first, count = len(self), len(tokens)
        if not 0 < count <= self.capacity - first:
            raise ValueError(f"{count} tokens do not fit into a batch with {first} of {self.capacity} rows in use")
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
    """A context of a model. Sequences are numbered from 0 to `sequences` - 1."""

    def __init__(self, handle: Any, model: Model, settings: LoadRequest, abort: AbortFlag) -> None:
        self.handle = handle
        self.model = model
        self.settings = settings
        self.length = int(C.llama_n_ctx(handle))
        self.n_batch = int(C.llama_n_batch(handle))
        self.sequences = int(C.llama_n_seq_max(handle))
        self.parallel = settings.parallel_sequences or PARALLEL_SEQUENCES
        "Answers that may be generated at once; the other sequences keep conversations for their next turn."
        self.batch = Batch(self.n_batch)
        self._memory = C.llama_get_memory(handle)
        self._abort = abort
        self._prefill_threads = self._decode_threads = int(C.llama_n_threads_batch(handle))
        C.llama_set_abort_callback(handle, abort.callback, abort.argument)

    @classmethod
    def create(cls, model: Model, settings: LoadRequest, abort: AbortFlag) -> "Context | None":
        """Create a context; None if there is not enough memory. The log contains the size that was requested."""
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
        """Threads for prefill. Decoding may be faster with fewer."""
        return self._prefill_threads

    def set_threads(self, count: int) -> None:
        """Set the number of threads for prefill and decoding."""
        self._prefill_threads = self._decode_threads = count

    def set_decode_threads(self, count: int) -> None:
        """Set the number of threads for batches that contain one token of each sequence."""
        self._decode_threads = count

    def decode(self, *, is_prefill: bool) -> int:
        """Compute the batch and return DECODED, NO_ROOM (nothing was computed), ABORTED, or a negative failure.

        After an abort or a failure, a part of the batch may be in the KV cache: call `cached_tokens` for each sequence.
        """
        threads = self._prefill_threads if is_prefill else self._decode_threads
        C.llama_set_n_threads(self.handle, self._decode_threads, threads)
        return int(C.llama_decode(self.handle, self.batch.handle))

    def clear_abort(self) -> None:
        """Clear the abort flag, so that a cancellation that came too late for the last decode does not end the next."""
        self._abort.clear()

    def logits(self, row: int) -> NDArray[np.float32]:
        """Return the logits of a row of the last decode, one for each token of the vocabulary.

        The array is a view that the next decode overwrites.
        """
        pointer = C.llama_get_logits_ith(self.handle, row)
        return np.ctypeslib.as_array(pointer, shape=(self.model.vocabulary_size,))

    def cached_tokens(self, sequence: int) -> int:
        """Return the number of tokens of a sequence that the KV cache contains."""
        return int(C.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def truncate(self, sequence: int, length: int) -> bool:
        """Remove all tokens after the first `length` from the cache of a sequence.

        Return False, and change nothing, if the model's state cannot be truncated.
        """
        return bool(C.llama_memory_seq_rm(self._memory, sequence, length or -1, -1))

    def copy_prefix(self, source: int, target: int, length: int) -> None:
        """Make the empty sequence `target` share the cells of the first `length` tokens of `source`."""
        C.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def save_state(self, sequence: int) -> bytes:
        """Return the cached state of a sequence, for `restore_state`. Raises `MemoryError` if there is not enough memory."""
        size = int(C.llama_state_seq_get_size(self.handle, sequence))
        state = bytearray(size)
        buffer = (ctypes.c_uint8 * size).from_buffer(state)
        written = int(C.llama_state_seq_get_data(self.handle, buffer, size, sequence))
        return bytes(memoryview(state)[:written])

    def restore_state(self, sequence: int, state: bytes) -> bool:
        """Restore a saved state into an empty sequence; return False, and leave it empty, if there is no room."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if C.llama_state_seq_set_data(self.handle, buffer, len(state), sequence):
            return True
        self.truncate(sequence, 0)
        return False


def _flash_attention(wanted: bool | None) -> int:
    if wanted is None:
        return int(C.LLAMA_FLASH_ATTN_TYPE_AUTO)
    return int(C.LLAMA_FLASH_ATTN_TYPE_ENABLED if wanted else C.LLAMA_FLASH_ATTN_TYPE_DISABLED)
