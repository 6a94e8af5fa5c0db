"""The memory estimate follows the file and the settings, and suggests what would fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.gguf.inspection import ModelHeader, inspect_model
from engines.inference.hardware import AvailableMemory
from engines.inference.memory_fit import CUDA_BYTES, MARGIN_BYTES, estimate_fit
from records.model import FitVerdict, LoadRequest
from tests.support.models.tiny_gguf import write_tiny_gguf

GIB = 1024**3
SETTINGS = LoadRequest(
    context_length=4096, gpu_layers=-1, batch_size=512, parallel_sequences=1, flash_attention=True,
    key_cache_type="f16", value_cache_type="f16",
)  # fmt: skip
FITS, TIGHT, DOES_NOT_FIT = FitVerdict.FITS, FitVerdict.TIGHT, FitVerdict.DOES_NOT_FIT


@pytest.fixture
def large(tmp_path: Path) -> ModelHeader:
    """The header of a model with 8 billion parameters of 4 bits: 5 GiB of weights in 32 layers."""
    header = inspect_model(write_tiny_gguf(tmp_path / "tiny.gguf"))
    return replace(
        header, weights_bytes=5 * GIB, block_count=32, kv_heads=(8,) * 32, heads=32, key_length=128, value_length=128,
        embedding_length=4096, feed_forward_length=14336, vocabulary_size=128_256, context_length=131_072,
    )  # fmt: skip


def test_the_cache_size_is_layers_times_heads_times_key_and_value_length_times_cells(large: ModelHeader) -> None:
    fit = estimate_fit(large, SETTINGS, AvailableMemory(64 * GIB))
    assert fit.kv_cache_bytes == 4096 * 32 * 8 * (128 + 128) * 2
    assert fit.total_bytes == fit.weights_bytes + fit.kv_cache_bytes + fit.compute_bytes
    assert (fit.verdict, fit.suggestion, fit.vram_bytes) == (FITS, None, 0)


def test_a_quantized_cache_takes_less_memory(large: ModelHeader) -> None:
    settings = replace(SETTINGS, key_cache_type="q8_0", value_cache_type="q8_0")
    whole = estimate_fit(large, SETTINGS, AvailableMemory(GIB))
    quantized = estimate_fit(large, settings, AvailableMemory(GIB))
    assert quantized.kv_cache_bytes * 2 > whole.kv_cache_bytes > quantized.kv_cache_bytes


def test_compute_buffers_are_far_larger_without_flash_attention(large: ModelHeader) -> None:
    with_it = estimate_fit(large, SETTINGS, AvailableMemory(GIB))
    without = estimate_fit(large, replace(SETTINGS, flash_attention=False), AvailableMemory(GIB))
    assert without.compute_bytes > 2 * with_it.compute_bytes


def test_a_shorter_context_is_suggested_if_that_is_enough(large: ModelHeader) -> None:
    fit = estimate_fit(large, replace(SETTINGS, context_length=131_072), AvailableMemory(8 * GIB))
    assert fit.verdict is DOES_NOT_FIT
    assert "context length of 16,384" in (fit.suggestion or "")


def test_a_smaller_model_is_suggested_if_the_weights_do_not_fit(large: ModelHeader) -> None:
    fit = estimate_fit(large, SETTINGS, AvailableMemory(2 * GIB))
    assert fit.verdict is DOES_NOT_FIT
    assert "smaller model" in (fit.suggestion or "")


def test_the_verdict_is_tight_if_less_than_the_margin_is_left(large: ModelHeader) -> None:
    total = estimate_fit(large, SETTINGS, AvailableMemory(64 * GIB)).total_bytes
    assert estimate_fit(large, SETTINGS, AvailableMemory(total + MARGIN_BYTES // 2)).verdict is TIGHT


def test_a_model_that_fits_the_gpu_fits_although_ram_is_too_small(large: ModelHeader) -> None:
    fit = estimate_fit(large, SETTINGS, AvailableMemory(ram=GIB, vram=24 * GIB))
    assert (fit.verdict, fit.vram_bytes) == (FITS, fit.total_bytes)


def test_layers_that_stay_on_the_cpu_are_compared_with_ram(large: ModelHeader) -> None:
    settings = replace(SETTINGS, gpu_layers=11)
    fit = estimate_fit(large, settings, AvailableMemory(ram=GIB, vram=24 * GIB))
    assert fit.verdict is DOES_NOT_FIT
    assert fit.vram_bytes == 5 * GIB * 11 // 33 + fit.kv_cache_bytes * 11 // 32 + fit.compute_bytes
    assert estimate_fit(large, settings, AvailableMemory(ram=16 * GIB, vram=24 * GIB)).verdict is FITS


def test_without_gpu_layers_only_ram_counts(large: ModelHeader) -> None:
    fit = estimate_fit(large, replace(SETTINGS, gpu_layers=0), AvailableMemory(ram=16 * GIB, vram=GIB // 2))
    assert (fit.verdict, fit.vram_bytes) == (FITS, 0)


def test_vram_for_cuda_itself_is_required_besides_the_model(large: ModelHeader) -> None:
    needed = estimate_fit(large, SETTINGS, AvailableMemory(ram=GIB, vram=24 * GIB)).vram_bytes
    verdicts = [
        estimate_fit(large, SETTINGS, AvailableMemory(ram=GIB, vram=needed + spare)).verdict
        for spare in (GIB // 2, CUDA_BYTES, CUDA_BYTES + MARGIN_BYTES)
    ]
    assert verdicts == [DOES_NOT_FIT, TIGHT, FITS]


def test_fewer_gpu_layers_are_suggested_if_vram_is_too_small(large: ModelHeader) -> None:
    memory = AvailableMemory(ram=16 * GIB, vram=4 * GIB)
    fit = estimate_fit(large, SETTINGS, memory)
    assert fit.verdict is DOES_NOT_FIT
    layers = int((fit.suggestion or "").removeprefix("It fits with ").split()[0])
    assert 0 < layers < 33
    assert estimate_fit(large, replace(SETTINGS, gpu_layers=layers), memory).verdict is FITS
    assert estimate_fit(large, replace(SETTINGS, gpu_layers=layers + 1), memory).verdict is not FITS
