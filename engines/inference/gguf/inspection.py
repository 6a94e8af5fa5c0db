"""Facts about a model, from the headers of all its files: architecture, sizes, quantization, chat template."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.inference.gguf.header_reader import FileHeader, read_header
from engines.inference.gguf.tensor_types import FILE_TYPES, TENSOR_TYPES
from engines.inference.load_failures import NotGguf, UnsupportedArchitecture

SPLIT_NAME = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.IGNORECASE)
"""File names of a model that is split into parts, as llama.cpp's `gguf-split` writes them."""

MAX_PARTS = 1000
_MAX_LAYERS = 4096
_MAX_NUMBER = 1 << 32

_NOT_GENERATIVE = re.compile(r"bert|^t5encoder$|embedding|^clip$|^eagle", re.IGNORECASE)
"""Architectures that embed text, encode images or draft tokens, and never generate answers."""


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """Facts from the file; None where the file does not contain them. Lengths are in tokens, sizes in bytes."""

    parts: tuple[Path, ...]
    byte_size: int
    architecture: str
    name: str | None
    parameter_count: int
    quantization: str | None
    weights_bytes: int
    context_length: int | None
    "Context length that the model was trained with."
    block_count: int
    embedding_length: int
    feed_forward_length: int
    kv_heads: tuple[int, ...]
    "Number of key-value heads of each layer; 0 for a layer without attention."
    heads: int
    key_length: int
    value_length: int
    sliding_window: int | None
    vocabulary_size: int
    chat_template: str | None
    is_generative: bool
    "False for embedding models, projectors, adapters and the like."


def inspect_model(path: Path) -> ModelHeader:
    """Read the header of a model, or of all parts of a split one. It takes about 20 ms for a model of any size.

    Raises what `read_header` raises, and `NotGguf` if a part is missing or the architecture is not named.
    """
    parts = split_parts(path)
    headers = [read_header(part) for part in parts]
    expected = headers[0].entries.get("split.count", 1)
    if isinstance(expected, int) and expected > 1 and expected != len(parts):
        raise NotGguf(path, f"it is one of {expected} parts, but its name is not that of a part")
    return _summarize(path, parts, headers)


def split_parts(path: Path) -> tuple[Path, ...]:
    """Return the paths of all parts of a split model in order, missing parts included; `(path,)` for another model."""
    name = SPLIT_NAME.match(path.name)
    count = int(name["count"]) if name else 0
    if not name or not 1 <= count <= MAX_PARTS:
        return (path,)
    return tuple(path.with_name(f"{name['stem']}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))


def _summarize(path: Path, parts: tuple[Path, ...], headers: list[FileHeader]) -> ModelHeader:
    first = headers[0]
    architecture = first.entries.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise NotGguf(path, "it names no architecture")
    entries = _Entries(first, architecture)
    heads = entries.per_layer("attention.head_count")
    embedding = entries.number("embedding_length") or 0
    max_heads = max(heads, default=0)
    head_length = embedding // max_heads if max_heads else 0
    return ModelHeader(
        parts=parts,
        byte_size=sum(header.byte_size for header in headers),
        architecture=architecture,
        name=entries.text("general.name"),
        parameter_count=sum(header.elements for header in headers),
        quantization=_quantization(headers),
        weights_bytes=sum(header.weights_bytes for header in headers),
        context_length=entries.number("context_length") or None,
        block_count=entries.blocks,
        embedding_length=embedding,
        feed_forward_length=max(entries.per_layer("feed_forward_length"), default=0),
        kv_heads=entries.per_layer("attention.head_count_kv") or heads,
        heads=max_heads,
        key_length=entries.number("attention.key_length") or head_length,
        value_length=entries.number("attention.value_length") or head_length,
        sliding_window=entries.number("attention.sliding_window") or None,
        vocabulary_size=first.lengths.get("tokenizer.ggml.tokens", 0),
        chat_template=entries.text("tokenizer.chat_template"),
        is_generative=_is_generative(entries),
    )


class _Entries:
    """Metadata entries with checked types. Names are relative to the architecture, as in `llama.context_length`."""

    def __init__(self, header: FileHeader, architecture: str) -> None:
        self._header = header
        self.architecture = architecture
        self.blocks = min(self.number("block_count") or 0, _MAX_LAYERS)

    def value(self, name: str) -> Any:
        return self._header.entries.get(f"{self.architecture}.{name}")

    def number(self, name: str) -> int | None:
        value = self.value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER else None

    def per_layer(self, name: str) -> tuple[int, ...]:
        """Return one number for each layer; the file has either one number for all layers or a list."""
        value = self.value(name)
        if isinstance(value, list):
            return tuple(entry for entry in value if isinstance(entry, int) and 0 <= entry < _MAX_NUMBER)
        number = self.number(name)
        return () if number is None else (number,) * self.blocks

    def text(self, key: str) -> str | None:
        """Return the string under the full key; None if it is missing or blank."""
        value = self._header.entries.get(key)
        return value if isinstance(value, str) and value.strip() else None


def _quantization(headers: list[FileHeader]) -> str | None:
    """Return the quantization that the first file declares; without one, the tensor type with the most bytes.

    Return None if the file has no tensors either.
    """
    number = headers[0].entries.get("general.file_type")
    if isinstance(number, int) and number in FILE_TYPES:
        return FILE_TYPES[number]
    types = sum((header.bytes_by_type for header in headers), Counter[int]())
    return TENSOR_TYPES[types.most_common(1)[0][0]][0] if types else None


def _is_generative(entries: _Entries) -> bool:
    kind = entries.text("general.type") or "model"
    pooling = entries.number("pooling_type") or 0
    return (
        kind == "model"
        and not _NOT_GENERATIVE.search(entries.architecture)
        and not pooling
        and entries.value("attention.causal") is not False
    )


def require_generative(header: ModelHeader) -> None:
    """Raise `UnsupportedArchitecture` for a model that cannot generate answers."""
    if not header.is_generative:
        raise UnsupportedArchitecture(
            f"{header.parts[0].name} is not a chat model (its architecture is {header.architecture})."
        )
