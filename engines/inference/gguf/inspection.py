"""A model's facts, out of the headers of its file or of all its parts."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.inference.failures import NotGguf, UnsupportedArchitecture
from engines.inference.gguf.header_reader import RawHeader, read_header
from engines.inference.gguf.tensor_types import FILE_TYPES, TENSOR_TYPES

SPLIT_NAME = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.IGNORECASE)
MOST_PARTS = 1000

_ENCODERS = re.compile(r"bert|^t5encoder$|embedding|^clip$|^eagle", re.IGNORECASE)
"""Architectures that embed, look or draft, and never answer."""


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """What the file says; None where it does not say. Lengths in tokens, sizes in bytes."""

    parts: tuple[Path, ...]
    byte_size: int
    architecture: str
    name: str | None
    parameter_count: int
    quantization: str | None
    weights_bytes: int
    context_length: int | None
    block_count: int
    embedding_length: int
    feed_forward_length: int
    kv_heads: tuple[int, ...]
    "For each layer; 0 for one without attention."
    heads: int
    key_length: int
    value_length: int
    sliding_window: int | None
    vocabulary_size: int
    chat_template: str | None
    answers: bool
    "False for embedding models, projectors, adapters and the like."


def inspect(path: Path) -> ModelHeader:
    """Read the header of a model, of all parts where it is split: about 20 ms, whatever the model's size.

    Raises the conditions of `failures`.
    """
    parts = split_parts(path)
    headers = [read_header(part) for part in parts]
    first = headers[0]
    expected = first.entries.get("split.count", 1)
    if isinstance(expected, int) and expected > 1 and expected != len(parts):
        raise NotGguf(path, f"it is one of {expected} parts, but is not named like one")
    return _summarize(path, parts, headers)


def split_parts(path: Path) -> tuple[Path, ...]:
    """All parts of a split model in order, whether they are there or not; the file itself where it is whole."""
    name = SPLIT_NAME.match(path.name)
    count = int(name["count"]) if name else 0
    if not name or not 1 <= count <= MOST_PARTS:
        return (path,)
    return tuple(path.with_name(f"{name['stem']}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))


def _summarize(path: Path, parts: tuple[Path, ...], headers: list[RawHeader]) -> ModelHeader:
    first = headers[0]
    architecture = first.entries.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise NotGguf(path, "it names no architecture")
    read = _Entries(first, architecture)
    heads = read.per_layer("attention.head_count")
    embedding = read.number("embedding_length") or 0
    widest = max(heads, default=0)
    width = embedding // widest if widest else 0
    return ModelHeader(
        parts=parts,
        byte_size=sum(header.byte_size for header in headers),
        architecture=architecture,
        name=read.text("general.name"),
        parameter_count=sum(header.elements for header in headers),
        quantization=_quantization(headers),
        weights_bytes=sum(header.weights_bytes for header in headers),
        context_length=read.number("context_length") or None,
        block_count=read.blocks,
        embedding_length=embedding,
        feed_forward_length=max(read.per_layer("feed_forward_length"), default=0),
        kv_heads=read.per_layer("attention.head_count_kv") or heads,
        heads=widest,
        key_length=read.number("attention.key_length") or width,
        value_length=read.number("attention.value_length") or width,
        sliding_window=read.number("attention.sliding_window") or None,
        vocabulary_size=first.lengths.get("tokenizer.ggml.tokens", 0),
        chat_template=read.text("tokenizer.chat_template"),
        answers=_answers(read),
    )


class _Entries:
    """The header's entries by the architecture's own names, with types held."""

    def __init__(self, header: RawHeader, architecture: str) -> None:
        self._header = header
        self.architecture = architecture
        self.blocks = min(self.number("block_count") or 0, 4096)

    def value(self, name: str) -> Any:
        return self._header.entries.get(f"{self.architecture}.{name}")

    def number(self, name: str) -> int | None:
        value = self.value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32 else None

    def per_layer(self, name: str) -> tuple[int, ...]:
        """One number for each layer, given once for all or one by one."""
        value = self.value(name)
        if isinstance(value, list):
            return tuple(entry for entry in value if isinstance(entry, int) and 0 <= entry < 1 << 32)
        number = self.number(name)
        return () if number is None else (number,) * self.blocks

    def text(self, key: str) -> str | None:
        value = self._header.entries.get(key)
        return value if isinstance(value, str) and value.strip() else None


def _quantization(headers: list[RawHeader]) -> str | None:
    number = headers[0].entries.get("general.file_type")
    if isinstance(number, int) and number in FILE_TYPES:
        return FILE_TYPES[number]
    types = sum((header.types for header in headers), Counter[int]())
    return TENSOR_TYPES[types.most_common(1)[0][0]][0] if types else None


def _answers(read: _Entries) -> bool:
    kind = read.text("general.type") or "model"
    pools = read.number("pooling_type") or 0
    return (
        kind == "model"
        and not _ENCODERS.search(read.architecture)
        and not pools
        and read.value("attention.causal") is not False
    )


def require_answers(header: ModelHeader) -> None:
    """Raises `UnsupportedArchitecture` for a model that cannot answer."""
    if not header.answers:
        raise UnsupportedArchitecture(
            f"{header.parts[0].name} is no chat model (its architecture is {header.architecture})."
        )
