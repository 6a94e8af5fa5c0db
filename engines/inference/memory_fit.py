"""Whether a model fits into memory, before anything is loaded: weights, KV cache, compute buffers, and a margin.

The cache is kept whole for sliding-window layers too (its prefixes are reused), so every layer counts with every cell.
Compute buffers follow llama.cpp's own layout: rows of logits for twice as many sequences as answers, a mask of 16 bits for
each cell, and a handful of activations for each token of a batch.
"""

from dataclasses import replace

from engines.inference.defaults import PARALLEL_SEQUENCES
from engines.inference.gguf.inspection import ModelHeader
from engines.inference.gguf.tensor_types import CACHE_TYPES
from engines.inference.hardware import AvailableMemory
from records.model import FitVerdict, LoadRequest, MemoryFit

CELLS_STEP = 256
"""llama.cpp rounds the context up to this many cells."""
LARGEST_UBATCH = 512
MARGIN = 256 * 1024**2
"""The worker's own program and what else moves meanwhile; less than this to spare is TIGHT."""
LEAST_CONTEXT = 512


def estimate_fit(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> MemoryFit:
    """`settings` have no None where memory depends on them: context, batch, sequences, flash attention, cache types."""
    weights, cache, compute = header.weights_bytes, cache_bytes(header, settings), compute_bytes(header, settings)
    total = weights + cache + compute
    verdict = _verdict(total, memory.ram)
    return MemoryFit(
        verdict=verdict,
        weights_bytes=weights,
        kv_cache_bytes=cache,
        compute_bytes=compute,
        total_bytes=total,
        available_ram_bytes=memory.ram,
        available_vram_bytes=memory.vram,
        suggestion=None if verdict is FitVerdict.FITS else _suggest(header, settings, memory),
    )


def cells(context_length: int) -> int:
    return -(-context_length // CELLS_STEP) * CELLS_STEP


def cache_bytes(header: ModelHeader, settings: LoadRequest) -> int:
    assert settings.context_length is not None
    key = CACHE_TYPES[settings.key_cache_type or "f16"][1] * header.key_length
    value = CACHE_TYPES[settings.value_cache_type or "f16"][1] * header.value_length
    return int(cells(settings.context_length) * sum(header.kv_heads) * (key + value))


def compute_bytes(header: ModelHeader, settings: LoadRequest) -> int:
    assert settings.context_length is not None
    batch = min(settings.batch_size or LARGEST_UBATCH, LARGEST_UBATCH)
    context = cells(settings.context_length)
    activations = 4 * (3 * header.feed_forward_length + 4 * header.embedding_length)
    scores = 0 if settings.flash_attention is not False else 4 * header.heads * context
    outputs = 4 * header.vocabulary_size * 2 * (settings.parallel_sequences or PARALLEL_SEQUENCES)
    return batch * (2 * context + activations + scores) + outputs


def _verdict(total: int, available: int) -> FitVerdict:
    if total > available:
        return FitVerdict.DOES_NOT_FIT
    return FitVerdict.TIGHT if total + MARGIN > available else FitVerdict.FITS


def _suggest(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> str:
    """Name what would fit: a shorter context where that is enough, else a smaller model."""
    assert settings.context_length is not None
    context = cells(settings.context_length)
    while context > LEAST_CONTEXT:
        context = max(LEAST_CONTEXT, cells(context // 2))
        smaller = replace(settings, context_length=context)
        needed = header.weights_bytes + cache_bytes(header, smaller) + compute_bytes(header, smaller)
        if needed + MARGIN <= memory.ram:
            return f"It fits with a context length of {context:,}."
    return (
        f"Its weights alone take {_gib(header.weights_bytes)} of {_gib(memory.ram)} that are free: "
        "choose a smaller model or a smaller quantization, or close other programs."
    )


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
