"""A models folder with two small models, and a store for their settings in memory."""

from pathlib import Path

import pytest

from tests.services.models.harness import FakeModelSettings
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf


@pytest.fixture
def store() -> FakeModelSettings:
    return FakeModelSettings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the models `alpha` and `beta`, which load within a second."""
    models = tmp_path / "models"
    models.mkdir()
    write_tiny_gguf(models / "alpha.gguf")
    write_tiny_gguf(models / "beta.gguf", TinyModel(seed=2))
    return models
