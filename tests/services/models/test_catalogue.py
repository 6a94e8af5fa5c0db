"""The catalogue lists each generative model once, and broken files with the reason."""

from pathlib import Path

from records.codes import ErrorCode
from records.model import ModelSource
from services.models.catalogue import Catalogue
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf


def find_names(folder: Path) -> list[str]:
    return [model.name for model in Catalogue(folder, None).scan()]


def test_the_bundled_model_is_found_without_being_imported(tmp_path: Path) -> None:
    (model,) = Catalogue(tmp_path).scan()
    assert model.source is ModelSource.BUNDLED
    assert model.name.startswith("SmolLM2-135M")
    assert model.header is not None


def test_a_package_that_is_not_installed_has_no_models(tmp_path: Path) -> None:
    assert Catalogue(tmp_path, "no_such_package_at_all").scan() == ()


def test_a_missing_folder_has_no_models(tmp_path: Path) -> None:
    assert find_names(tmp_path / "none") == []


def test_models_in_subfolders_are_found_and_other_files_ignored(folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    write_tiny_gguf(folder / "deep" / "er" / "gamma.GGUF")
    (folder / "notes.txt").write_text("GGUF")
    (folder / "half.gguf.part").write_text("GGUF")
    assert find_names(folder) == ["alpha", "beta", "gamma"]


def test_ids_are_the_same_after_a_restart(folder: Path) -> None:
    first, second = ([model.id for model in Catalogue(folder, None).scan()] for _ in range(2))
    assert first == second
    assert len(set(first)) == 2


def test_embedding_models_are_left_out(folder: Path) -> None:
    write_tiny_gguf(folder / "embedder.gguf", TinyModel(architecture="bert"))
    assert find_names(folder) == ["alpha", "beta"]


def test_broken_files_are_listed_with_code_and_hint(folder: Path) -> None:
    whole = (folder / "alpha.gguf").read_bytes()
    (folder / "cut.gguf").write_bytes(whole[:-100])
    (folder / "odd.gguf").write_bytes(b"a renamed picture")
    (folder / "split-00002-of-00002.gguf").write_bytes(whole)
    broken = {model.name: model.error for model in Catalogue(folder, None).scan() if model.error}
    assert {name: error.code for name, error in broken.items()} == {
        "cut": ErrorCode.TRUNCATED,
        "odd": ErrorCode.NOT_GGUF,
        "split": ErrorCode.FILE_MISSING,
    }
    assert all(error.hint for error in broken.values())


def test_a_split_model_is_listed_once(folder: Path) -> None:
    whole = (folder / "alpha.gguf").read_bytes()
    for number in (1, 2):
        (folder / f"large-0000{number}-of-00002.gguf").write_bytes(whole)
    (large,) = [model for model in Catalogue(folder, None).scan() if model.name == "large"]
    assert large.header is not None
    assert large.header.byte_size == 2 * len(whole)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    catalogue = Catalogue(folder, None)
    catalogue.scan()
    (folder / "alpha.gguf").write_bytes(b"something else now")
    assert [model.error is None for model in catalogue.scan()] == [False, True]
