"""The estimate follows the file and the settings, and names what would fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.gguf.inspection import ModelHeader, inspect
from engines.inference.hardware import AvailableMemory, cgroup_headroom
from engines.inference.memory_fit import MARGIN, estimate_fit
from records.model import FitVerdict, LoadRequest
from tests.support.tiny_gguf import write_tiny_gguf

GIB = 1024**3
SETTINGS = LoadRequest(
    context_length=4096, batch_size=512, parallel_sequences=1, flash_attention=True, key_cache_type="f16",
    value_cache_type="f16",
)  # fmt: skip


@pytest.fixture
def large(tmp_path: Path) -> ModelHeader:
    """A header of a model of 8 billion parameters at 4 bits."""
    header = inspect(write_tiny_gguf(tmp_path / "tiny.gguf"))
    return replace(
        header, weights_bytes=5 * GIB, kv_heads=(8,) * 32, heads=32, key_length=128, value_length=128,
        embedding_length=4096, feed_forward_length=14336, vocabulary_size=128_256, context_length=131_072,
    )  # fmt: skip


def test_the_cache_is_layers_times_heads_times_key_and_value_times_cells(large: ModelHeader) -> None:
    fit = estimate_fit(large, SETTINGS, AvailableMemory(64 * GIB))
    assert fit.kv_cache_bytes == 4096 * 32 * 8 * (128 + 128) * 2
    assert fit.total_bytes == fit.weights_bytes + fit.kv_cache_bytes + fit.compute_bytes
    assert (fit.verdict, fit.suggestion) == (FitVerdict.FITS, None)


def test_a_quantized_cache_takes_less(large: ModelHeader) -> None:
    whole = estimate_fit(large, SETTINGS, AvailableMemory(GIB))
    quantized = estimate_fit(
        large, replace(SETTINGS, key_cache_type="q8_0", value_cache_type="q8_0"), AvailableMemory(GIB)
    )
    assert quantized.kv_cache_bytes * 2 > whole.kv_cache_bytes > quantized.kv_cache_bytes


def test_without_flash_attention_compute_takes_far_more(large: ModelHeader) -> None:
    with_it = estimate_fit(large, SETTINGS, AvailableMemory(GIB))
    without = estimate_fit(large, replace(SETTINGS, flash_attention=False), AvailableMemory(GIB))
    assert without.compute_bytes > 2 * with_it.compute_bytes


def test_a_context_that_is_too_long_is_told_which_one_would_fit(large: ModelHeader) -> None:
    fit = estimate_fit(large, replace(SETTINGS, context_length=131_072), AvailableMemory(8 * GIB))
    assert fit.verdict is FitVerdict.DOES_NOT_FIT
    assert fit.suggestion is not None
    assert "context length of 16,384" in fit.suggestion


def test_weights_that_are_too_large_are_told_so(large: ModelHeader) -> None:
    fit = estimate_fit(large, SETTINGS, AvailableMemory(2 * GIB))
    assert fit.verdict is FitVerdict.DOES_NOT_FIT
    assert "smaller model" in (fit.suggestion or "")


def test_less_than_the_margin_to_spare_is_tight(large: ModelHeader) -> None:
    total = estimate_fit(large, SETTINGS, AvailableMemory(64 * GIB)).total_bytes
    assert estimate_fit(large, SETTINGS, AvailableMemory(total + MARGIN // 2)).verdict is FitVerdict.TIGHT


def test_the_tightest_control_group_counts(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder, limit, used in ((outer, "1000", "900"), (inner, "max", "100")):
        (folder / "memory.max").write_text(limit)
        (folder / "memory.current").write_text(used)
    (outer / "memory.stat").write_text("anon 100\ninactive_file 50\n")
    assert cgroup_headroom(tmp_path, "0::/outer/inner\n") == 150


def test_an_old_control_group_counts_too(tmp_path: Path) -> None:
    group = tmp_path / "memory" / "box"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text("5000")
    (group / "memory.usage_in_bytes").write_text("1000")
    assert cgroup_headroom(tmp_path, "5:cpu,memory:/box\n") == 4000
