"""Model files on disk: links, names that are not UTF-8, special files, and the bytes that a deletion frees."""

import os
from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.model import ModelStatus
from services.models.catalogue import Catalogue
from services.models.model_files import MAX_FILES, delete_model_files, display_name, find_model_files
from tests.services.models.harness import FakeModelSettings, find_model, load_model, open_test_models


def find_names(folder: Path) -> list[str]:
    return sorted(path.name for path in find_model_files(folder).paths)


def non_utf8(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))


def test_a_linked_folder_is_searched(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "disk" / "deep" / "gamma.gguf").write_bytes(b"")
    (folder / "disk").symlink_to(tmp_path / "disk")
    assert find_names(folder) == ["alpha.gguf", "beta.gguf", "gamma.gguf"]


def test_the_models_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert find_names(tmp_path / "link") == ["alpha.gguf", "beta.gguf"]


def test_links_that_form_loops_are_followed_once(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "round").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "one").symlink_to(folder / "two")
    (folder / "two").symlink_to(folder / "one")
    found = find_model_files(folder)
    assert sorted(path.name for path in found.paths) == ["alpha.gguf", "beta.gguf"]
    assert found.problems == []


def test_a_folder_is_found_by_its_own_path_before_a_link_to_it(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real" / "gamma.gguf").write_bytes(b"")
    (folder / "a link").symlink_to(folder / "real")
    assert folder / "real" / "gamma.gguf" in find_model_files(folder).paths
    assert find_names(folder) == ["alpha.gguf", "beta.gguf", "gamma.gguf"]


def test_two_links_to_one_folder_list_its_files_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "gamma.gguf").write_bytes(b"")
    for name in ("first", "second"):
        (folder / name).symlink_to(tmp_path / "disk")
    assert [path.parent.name for path in find_model_files(folder).paths if path.name == "gamma.gguf"] == ["first"]


def test_a_dead_link_to_a_folder_is_harmless(folder: Path, tmp_path: Path) -> None:
    (folder / "gone").symlink_to(tmp_path / "unplugged")
    assert find_names(folder) == ["alpha.gguf", "beta.gguf"]


def test_a_dead_link_to_a_model_is_listed_with_the_reason(folder: Path, tmp_path: Path) -> None:
    (folder / "gone.gguf").symlink_to(tmp_path / "unplugged.gguf")
    (gone,) = [model for model in Catalogue(folder, None).scan() if model.name == "gone"]
    assert gone.error is not None
    assert gone.error.code is ErrorCode.FILE_MISSING


def test_pipes_and_folders_with_the_name_of_a_model_are_ignored(folder: Path) -> None:
    os.mkfifo(folder / "pipe.gguf")
    (folder / "link to pipe.gguf").symlink_to(folder / "pipe.gguf")
    (folder / "folder.gguf").mkdir()
    assert find_names(folder) == ["alpha.gguf", "beta.gguf"]


def test_a_folder_that_cannot_be_searched_is_reported(folder: Path) -> None:
    (folder / "file").write_bytes(b"")
    found = find_model_files(folder / "file")
    assert found.paths == []
    assert found.problems == [f"the folder {folder / 'file'} cannot be searched: Not a directory"]


def test_more_models_than_the_limit_are_reported(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 5):
        (tmp_path / f"{number}.gguf").touch()
    found = find_model_files(tmp_path)
    assert len(found.paths) == MAX_FILES
    assert found.problems == ["the models folder has more than 2,000 models; the others are ignored"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"mod\xe8le.gguf", "mod?le"),
        (b"\xff\xfe.gguf", "??"),
        (b"big\xe9-00001-of-00002.gguf", "big?"),
        ("modèle.gguf".encode(), "modèle"),
        ("模型.gguf".encode(), "模型"),
    ],
)
def test_a_name_that_is_not_utf8_is_shown_with_question_marks(tmp_path: Path, name: bytes, shown: str) -> None:
    assert display_name(non_utf8(tmp_path, name)) == shown


@pytest.mark.parametrize("name", [b"mod\xe8le.gguf", b"dossi\xe9r/alpha.gguf", b"\x80\x81/\xfe.gguf"])
async def test_a_model_whose_path_is_not_utf8_is_listed_and_loads(
    folder: Path, store: FakeModelSettings, name: bytes
) -> None:
    path = non_utf8(folder, name)
    path.parent.mkdir(exist_ok=True)
    (folder / "alpha.gguf").rename(path)
    shown = display_name(path)
    async with open_test_models(folder, store) as models:
        record = await load_model(models, shown)
        assert record.status is ModelStatus.READY
        assert await models.inference(record.id).count_tokens(["a b"])
        for text in (record.name, str(record.path)):
            text.encode()
        assert [model.name for model in await models.list_models()].count("beta") == 1
    async with open_test_models(folder, store) as models:
        assert (await find_model(models, shown)).id == record.id
        await models.delete_model(record.id)
        assert not path.exists()


@pytest.mark.parametrize("content", [b"not a model", b"GGUF\3\0\0\0", b""], ids=["no GGUF", "cut off", "empty"])
def test_a_broken_file_whose_name_is_not_utf8_has_a_reason_that_can_be_encoded(folder: Path, content: bytes) -> None:
    non_utf8(folder, b"mod\xe8le.gguf").write_bytes(content)
    (broken,) = [model for model in Catalogue(folder, None).scan() if model.name == "mod?le"]
    assert broken.error is not None
    broken.error.message.encode()


def test_ids_of_models_differ_if_their_names_differ_only_in_invalid_bytes(folder: Path) -> None:
    for name in (b"x\xe8.gguf", b"x\xe9.gguf"):
        non_utf8(folder, name).write_bytes(b"")
    models = [model for model in Catalogue(folder, None).scan() if model.name == "x?"]
    assert len({model.id for model in models}) == 2


def test_deleting_a_link_frees_nothing_and_keeps_its_target(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(bytes(1000))
    (folder / "link.gguf").symlink_to(tmp_path / "blob")
    assert delete_model_files((folder / "link.gguf",)) == 0
    assert not (folder / "link.gguf").is_symlink()
    assert (tmp_path / "blob").exists()


def test_deleting_a_dead_link_removes_it(folder: Path, tmp_path: Path) -> None:
    (folder / "link.gguf").symlink_to(tmp_path / "unplugged")
    assert delete_model_files((folder / "link.gguf",)) == 0
    assert not (folder / "link.gguf").is_symlink()


def test_deleting_one_of_two_hard_links_frees_nothing(folder: Path, tmp_path: Path) -> None:
    os.link(folder / "alpha.gguf", tmp_path / "other name")
    assert delete_model_files((folder / "alpha.gguf",)) == 0
    assert (tmp_path / "other name").exists()


def test_deleting_a_file_in_a_linked_folder_frees_its_bytes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "gamma.gguf").write_bytes(bytes(1000))
    (folder / "disk").symlink_to(tmp_path / "disk")
    assert delete_model_files((folder / "disk" / "gamma.gguf",)) == 1000
    assert (folder / "disk").is_symlink()


def test_deleting_a_split_model_frees_the_bytes_of_all_parts(folder: Path, tmp_path: Path) -> None:
    parts = [folder / f"large-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    parts[0].write_bytes(bytes(1000))
    (tmp_path / "blob").write_bytes(bytes(500))
    parts[1].symlink_to(tmp_path / "blob")
    assert delete_model_files(tuple(parts)) == 1000
    assert not any(part.is_symlink() or part.exists() for part in parts)
