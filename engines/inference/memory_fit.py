"""Estimates whether a model fits into memory before it is loaded: weights, KV cache, compute buffers and a margin.

Every layer is estimated with all cells of the KV cache. This includes layers with a sliding window: their cells are
allocated in full, so that prefixes can be reused. The compute buffers follow llama.cpp's layout: rows of logits for twice
as many sequences as parallel answers, a 16-bit mask for each cell, and some activations for each token of a batch.

Layers that are offloaded to GPUs are compared with VRAM, the rest with RAM.
"""

from dataclasses import dataclass, replace

from engines.inference.defaults import MAX_UBATCH, PARALLEL_SEQUENCES
from engines.inference.gguf.inspection import ModelHeader
from engines.inference.gguf.tensor_types import CACHE_TYPES
from engines.inference.hardware import AvailableMemory
from records.model import FitVerdict, LoadRequest, MemoryFit

CELLS_STEP = 256
"""llama.cpp rounds the context length up to a multiple of this many cells."""

MARGIN_BYTES = 256 * 1024**2
"""Bytes for the worker's own program and for changes of the free memory. If less than this is left, the verdict is TIGHT."""

CUDA_BYTES = 640 * 1024**2
"""VRAM of a process for CUDA itself, its kernels and the work space of cuBLAS.

Measured as the VRAM beyond weights, cache and buffers: 458 MiB with a model of 1.7 billion parameters, 594 MiB with one
of 135 million (H200, driver 580, CUDA 13).
"""

MIN_CONTEXT = 512
"""The shortest context length that is suggested."""

SEVERITY = (FitVerdict.FITS, FitVerdict.TIGHT, FitVerdict.DOES_NOT_FIT)
"""The verdicts, best first. Of the verdicts for RAM and VRAM, the worse one is reported."""


@dataclass(frozen=True, slots=True)
class _Demand:
    """Memory that a model needs, in bytes."""

    weights: int
    cache: int
    compute: int
    vram: int
    "Part of the total that is allocated on GPUs."

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.compute

    def verdict(self, memory: AvailableMemory) -> FitVerdict:
        ram = _verdict(self.total - self.vram, memory.ram)
        vram = FitVerdict.FITS if not self.vram else _verdict(self.vram + CUDA_BYTES, memory.vram or 0)
        return max(ram, vram, key=SEVERITY.index)


def estimate_fit(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> MemoryFit:
    """Estimate the memory that a model needs, and compare it with the free memory.

    `settings` must contain every value that memory depends on: context length, batch size, parallel sequences, flash
    attention, cache types and GPU layers.
    """
    demand = _demand(header, settings, memory)
    verdict = demand.verdict(memory)
    return MemoryFit(
        verdict=verdict,
        weights_bytes=demand.weights,
        kv_cache_bytes=demand.cache,
        compute_bytes=demand.compute,
        total_bytes=demand.total,
        available_ram_bytes=memory.ram,
        available_vram_bytes=memory.vram,
        suggestion=None if verdict is FitVerdict.FITS else _suggest(header, settings, memory),
        vram_bytes=demand.vram,
    )


def _demand(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> _Demand:
    """Calculate the demand. Layers are taken to be of equal size; the output layer counts as one."""
    weights, cache, compute = header.weights_bytes, cache_bytes(header, settings), compute_bytes(header, settings)
    layers = header.block_count + 1
    offloaded = 0 if memory.vram is None else _offloaded(settings, layers)
    vram = weights * offloaded // layers + cache * min(offloaded, header.block_count) // max(header.block_count, 1)
    return _Demand(weights, cache, compute, vram + (compute if offloaded else 0))


def _offloaded(settings: LoadRequest, layers: int) -> int:
    asked = settings.gpu_layers
    return layers if asked is None or asked < 0 else min(asked, layers)


def cells(context_length: int) -> int:
    """Return the number of cells that llama.cpp allocates for a context length."""
    return -(-context_length // CELLS_STEP) * CELLS_STEP


def cache_bytes(header: ModelHeader, settings: LoadRequest) -> int:
    """Return the size of the KV cache in bytes."""
    assert settings.context_length is not None
    key = CACHE_TYPES[settings.key_cache_type or "f16"][1] * header.key_length
    value = CACHE_TYPES[settings.value_cache_type or "f16"][1] * header.value_length
    return int(cells(settings.context_length) * sum(header.kv_heads) * (key + value))


def compute_bytes(header: ModelHeader, settings: LoadRequest) -> int:
    """Return the size of the compute buffers in bytes."""
    assert settings.context_length is not None
    batch = min(settings.batch_size or MAX_UBATCH, MAX_UBATCH)
    context = cells(settings.context_length)
    activations = 4 * (3 * header.feed_forward_length + 4 * header.embedding_length)
    scores = 0 if settings.flash_attention is not False else 4 * header.heads * context
    outputs = 4 * header.vocabulary_size * 2 * (settings.parallel_sequences or PARALLEL_SEQUENCES)
    return batch * (2 * context + activations + scores) + outputs


def _verdict(needed: int, available: int) -> FitVerdict:
    if needed > available:
        return FitVerdict.DOES_NOT_FIT
    return FitVerdict.TIGHT if needed + MARGIN_BYTES > available else FitVerdict.FITS


def _suggest(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> str:
    """Suggest fewer GPU layers or a shorter context if that is enough, and a smaller model otherwise."""
    layers = _fitting_layers(header, settings, memory)
    if layers is not None:
        return f"It fits with {layers} layers on the GPU."
    context = _fitting_context(header, settings, memory)
    if context is not None:
        return f"It fits with a context length of {context:,}."
    free = memory.ram + (memory.vram or 0)
    return (
        f"Its weights alone take {_gib(header.weights_bytes)} of the {_gib(free)} of free memory. "
        "Choose a smaller model or a smaller quantization, or close other programs."
    )


def _fitting_layers(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> int | None:
    """Return the largest number of GPU layers with which the model fits; None if there is none or no GPU."""
    if memory.vram is None:
        return None
    most = _offloaded(settings, header.block_count + 1)
    counts = range(most - 1, -1, -1)
    return next((count for count in counts if _fits(header, replace(settings, gpu_layers=count), memory)), None)


def _fitting_context(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> int | None:
    """Halve the context length until the model fits, and return it; None if the model does not fit with MIN_CONTEXT."""
    assert settings.context_length is not None
    context = cells(settings.context_length)
    while context > MIN_CONTEXT:
        context = max(MIN_CONTEXT, cells(context // 2))
        if _fits(header, replace(settings, context_length=context), memory):
            return context
    return None


def _fits(header: ModelHeader, settings: LoadRequest, memory: AvailableMemory) -> bool:
    return _demand(header, settings, memory).verdict(memory) is FitVerdict.FITS


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
