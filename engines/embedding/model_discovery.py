"""The deep embedder that a setting names, found on this machine: nothing is ever downloaded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engines.embedding.prefixes import NONE, Prefixes, prefixes_of
from engines.inference.gguf.header_reader import read_header
from engines.inference.gguf.inspection import inspect_model
from records.errors import ExpectedError, ModelLoadFailed

_TELLING = {".json", ".safetensors", ".bin", ".gguf", ".txt", ".model"}
"Files whose bytes decide what a model makes of a text."
_READ = 1 << 16
_OWNER = "sentence-transformers"


class DeepEmbedderMissing(ExpectedError):
    """No model goes by this name; the message leaves out where the administrator keeps things."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no embedding model {name!r}: no folder of a sentence-transformers model or GGUF file at that "
            "path, none in the models folder, none in Hugging Face's cache. Nothing is downloaded for it."
        )


class DeepEmbedderUnusable(ExpectedError):
    """It is there, and cannot embed."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The deep embedder {name!r} cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """`fingerprint` is another one where the files, or the words before texts, are: such vectors must not be compared."""

    name: str
    path: Path
    dimensions: int
    fingerprint: str

    @property
    def is_gguf(self) -> bool:
        return self.path.is_file()


def find_embedding_model(wanted: str, models_folder: Path, hub_cache: Path | None = None) -> EmbeddingModel:
    """Look at the path, then in the models folder, then in Hugging Face's cache (None: where it is usually); blocks.

    Raises `DeepEmbedderMissing` and `DeepEmbedderUnusable`.
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
        raise DeepEmbedderUnusable(name, "Its folder lacks a readable config.json.") from failure
    if dimensions < 1:
        raise DeepEmbedderUnusable(name, "It does not say how long its vectors are.")
    return EmbeddingModel(name, path, dimensions, fingerprint(path, _prefixes(path)))


def plain_name(wanted: str) -> str:
    """What people see of the setting: a path's last part, a name as it is."""
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
    """Imported here, since most servers have no deep embedder."""
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
    """What the last dense layer gives, else the transformer's own width."""
    modules = folder / "modules.json"
    found = _read(modules, list[_Module]) if modules.exists() else []
    dense = [module for module in found if module.type.endswith(".Dense")]
    if dense:
        return int(_read(folder / dense[-1].path / "config.json", _Dense).out_features)
    return int(_read(folder / "config.json", _Config).hidden_size)


def _read(path: Path, kind: Any) -> Any:
    return msgspec.json.decode(path.read_bytes(), type=kind)


def _prefixes(path: Path) -> Prefixes:
    """A folder has its own, in files that its fingerprint is taken of."""
    return prefixes_of(read_header(path).entries) if path.is_file() else NONE


def fingerprint(path: Path, prefixes: Prefixes) -> str:
    """Of prefixes, and of the files' names, sizes, beginnings and ends: within milliseconds, whatever their size."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.suffix in _TELLING)
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.name if file == path else file.relative_to(path)}\0{size}\0".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(_READ))
            opened.seek(max(0, size - _READ))
            digest.update(opened.read(_READ))
    if prefixes != NONE:
        digest.update(f"{prefixes.prompt}\0{prefixes.document}".encode())
    return digest.hexdigest()[:16]
