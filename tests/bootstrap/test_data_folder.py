"""The data folder is created and locked by one server at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import StartFailed, open_data_folder
from settings import Settings, read_settings
from tests.paths import ROOT


def settings_of(folder: Path) -> Settings:
    return read_settings(["--data-dir", str(folder)])


def open_and_close(folder: Path) -> None:
    with open_data_folder(settings_of(folder)):
        pass


def test_missing_folders_are_created(tmp_path: Path) -> None:
    with open_data_folder(settings_of(tmp_path / "a" / "b")):
        assert (tmp_path / "a" / "b" / "incoming").is_dir()
        assert (tmp_path / "a" / "b" / "models").is_dir()


def test_a_folder_in_use_cannot_be_opened_until_it_is_released(tmp_path: Path) -> None:
    with open_data_folder(settings_of(tmp_path)), pytest.raises(StartFailed, match="in use by another Graphlore"):
        open_and_close(tmp_path)
    open_and_close(tmp_path)


def test_a_folder_is_in_use_under_every_path_to_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "data").mkdir()
    with open_data_folder(settings_of(tmp_path / "data")), pytest.raises(StartFailed, match="in use"):
        open_and_close(tmp_path / "link")


def test_a_child_process_does_not_keep_the_folder_in_use(tmp_path: Path) -> None:
    with open_data_folder(settings_of(tmp_path)):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.poll() is None, "the child runs and has inherited what it could"
    open_and_close(tmp_path)
    child.communicate(b"\n")


OWNER = """
import sys
from bootstrap import open_data_folder
from settings import read_settings
with open_data_folder(read_settings(["--data-dir", sys.argv[1]])):
    print("open", flush=True)
    input()
"""


def test_a_killed_owner_releases_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        with pytest.raises(StartFailed, match="in use"):
            open_and_close(tmp_path)
        owner.kill()
    open_and_close(tmp_path)


def test_a_file_in_place_of_a_folder_is_named_with_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(StartFailed, match=f"{taken} cannot be created.*GRAPHLORE_DATA_DIR"):
        open_and_close(taken)
    monkeypatch.setenv("GRAPHLORE_MODELS_DIR", str(taken))
    with pytest.raises(StartFailed, match=f"{taken} cannot be created.*GRAPHLORE_MODELS_DIR"):
        open_and_close(tmp_path / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to every folder")
def test_a_folder_without_write_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StartFailed, match=f"{tmp_path} cannot be written: Permission denied"):
        open_and_close(tmp_path)
