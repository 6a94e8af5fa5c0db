"""Finds the deep embedder that a setting names on this machine. Nothing is downloaded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engines.embedding.prefixes import NO_PREFIXES, Prefixes, find_prefixes
from engines.inference.gguf.header_reader import read_header
from engines.inference.gguf.inspection import inspect_model
from records.errors import ExpectedError, ModelLoadFailed

_RELEVANT_SUFFIXES = {".json", ".safetensors", ".bin", ".gguf", ".txt", ".model"}
"""Suffixes of the files that determine the vectors of a model. The fingerprint covers these files alone."""

_SAMPLE_BYTES = 1 << 16
_OWNER = "sentence-transformers"


class DeepEmbedderMissing(ExpectedError):
    """No embedding model has the configured name. The message does not contain the administrator's folders."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no embedding model {name!r}: no folder of a sentence-transformers model or GGUF file at that "
            "path, none in the models folder, none in Hugging Face's cache. Nothing is downloaded for it."
        )


class DeepEmbedderUnusable(ExpectedError):
    """The configured model exists, but cannot be used as an embedder."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The deep embedder {name!r} cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An embedding model on disk.

    `fingerprint` identifies the contents of the model's files and its prefixes. Vectors of models with different
    fingerprints must not be compared.
    """

    name: str
    path: Path
    dimensions: int
    fingerprint: str

    @property
    def is_gguf(self) -> bool:
        return self.path.is_file()


def find_embedding_model(wanted: str, models_folder: Path, hub_cache: Path | None = None) -> EmbeddingModel:
    """Return the embedding model that `wanted` names. This call blocks.

    `wanted` is looked up as a path, then as a name in the models folder, then as a repository in the cache of the Hugging
    Face Hub. `hub_cache` is the folder of that cache; None stands for the library's default.

    Raises `DeepEmbedderMissing` if no model is found, and `DeepEmbedderUnusable` if its files cannot be read.
    """
    path = next((place for place in _places(wanted, models_folder, hub_cache) if place.exists()), None)
    name = plain_name(wanted)
    if path is None:
        raise DeepEmbedderMissing(name)
    try:
        dimensions = inspect_model(path).embedding_length if path.is_file() else _folder_dimensions(path)
    except ModelLoadFailed as failure:
        raise DeepEmbedderUnusable(name, failure.message) from failure
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as failure:
        raise DeepEmbedderUnusable(name, "Its folder has no readable config.json.") from failure
    if dimensions < 1:
        raise DeepEmbedderUnusable(name, "Its file does not contain the length of its vectors.")
    return EmbeddingModel(name, path, dimensions, fingerprint(path, _prefixes(path)))


def plain_name(wanted: str) -> str:
    """Return the model's name for clients: the last component if `wanted` is a path, otherwise `wanted` itself."""
    path = Path(wanted).expanduser()
    return path.name if path.is_absolute() or path.exists() else wanted


def _places(wanted: str, models_folder: Path, hub_cache: Path | None) -> Iterator[Path]:
    yield Path(wanted).expanduser().absolute()
    yield models_folder / wanted
    yield models_folder / f"{wanted}.gguf"
    for repository in (wanted, f"{_OWNER}/{wanted}"):
        cached = _cached(repository, hub_cache)
        if cached is not None:
            yield cached


def _cached(repository: str, cache: Path | None) -> Path | None:
    """Return the folder of a repository in the cache of the Hugging Face Hub; None if the cache does not have it.

    The library is imported here because most servers have no deep embedder.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, cache_dir=cache, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None


class _Module(msgspec.Struct):
    path: str
    type: str


class _Dense(msgspec.Struct):
    out_features: int


class _Config(msgspec.Struct):
    hidden_size: int


def _folder_dimensions(folder: Path) -> int:
    """Return the output length of the last dense layer, or the width of the transformer if there is no such layer."""
    modules = folder / "modules.json"
    found = _read(modules, list[_Module]) if modules.exists() else []
    dense = [module for module in found if module.type.endswith(".Dense")]
    if dense:
        return int(_read(folder / dense[-1].path / "config.json", _Dense).out_features)
    return int(_read(folder / "config.json", _Config).hidden_size)


def _read(path: Path, kind: Any) -> Any:
    return msgspec.json.decode(path.read_bytes(), type=kind)


def _prefixes(path: Path) -> Prefixes:
    """Return the prefixes for a GGUF file; `NO_PREFIXES` for a folder, because sentence-transformers adds its prefixes."""
    return find_prefixes(read_header(path).entries) if path.is_file() else NO_PREFIXES


def fingerprint(path: Path, prefixes: Prefixes) -> str:
    """Return a hash of the prefixes and of each file's name, size, first bytes and last bytes.

    It takes milliseconds, whatever the size of the files.
    """
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.suffix in _RELEVANT_SUFFIXES)
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.name if file == path else file.relative_to(path)}\0{size}\0".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(_SAMPLE_BYTES))
            opened.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(opened.read(_SAMPLE_BYTES))
    if prefixes != NO_PREFIXES:
        digest.update(f"{prefixes.prompt}\0{prefixes.document}".encode())
    return digest.hexdigest()[:16]
