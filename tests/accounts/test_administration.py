"""Administration from the command line."""

from pathlib import Path

import anyio
import pytest

from bootstrap.administration import main
from persistence.database.database import open_database
from persistence.master_keys import load_secret_keys
from tests.accounts.server import EMAIL, PASSWORD, open_accounts

NEW = "another password of geese"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEW_PASSWORD", PASSWORD)
    return tmp_path


def command(folder: Path, *arguments: str) -> int:
    return main(["--data-dir", str(folder), *arguments])


def log_in(folder: Path, password: str = PASSWORD, code: str | None = None) -> str:
    """Start a server on the folder and return the type of the reply to a log-in, after using a reset code if given."""

    async def run() -> str:
        async with open_database(folder / "graphlore.db") as database, open_accounts(database, folder) as server:
            if code is not None:
                changed = await server.mutate("changePassword", code=code, password=password)
                assert changed["__typename"] == "ChangePasswordSuccess", changed
            return str((await server.log_in(password=password))["__typename"])

    return anyio.run(run)


def test_a_superadmin_is_created_and_listed_and_cannot_be_closed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "create-superadmin", EMAIL, "Ada") == 0
    assert log_in(folder) == "LogInSuccess"
    assert command(folder, "list") == 0
    assert f"{EMAIL}\tSUPERADMIN\tactive\tAda" in capsys.readouterr().out
    assert command(folder, "close-account", EMAIL) == 1
    assert "superadmin" in capsys.readouterr().err
    assert log_in(folder) == "LogInSuccess"
    assert command(folder, "create-superadmin", "eve@example.org", "Eve") == 1
    assert "already" in capsys.readouterr().err


def test_a_password_is_reset_by_a_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(folder, "create-superadmin", EMAIL, "Ada")
    capsys.readouterr()
    assert command(folder, "reset-password", EMAIL) == 0
    code = capsys.readouterr().out.split()[-1]
    assert log_in(folder, NEW, code) == "LogInSuccess"
    assert command(folder, "reset-password", "nobody@example.org") == 1
    assert "no account" in capsys.readouterr().err


def test_disabled_accounts_open_the_server_for_one_person(folder: Path) -> None:
    command(folder, "create-superadmin", EMAIL, "Ada")
    assert command(folder, "disable-accounts") == 0

    async def total() -> int:
        async with open_database(folder / "graphlore.db") as database, open_accounts(database, folder) as server:
            return int((await server.run("{ documents { totalCount } }"))["documents"]["totalCount"])

    assert anyio.run(total) == 2


def test_a_rotated_key_replaces_the_previous_one(folder: Path) -> None:
    command(folder, "list")
    keys = load_secret_keys(folder / "secrets")
    first, key = keys.current("access tokens")
    assert keys.find(first, "access tokens") == key
    assert keys.find(first, "another purpose") != key
    assert command(folder, "rotate-keys") == 0
    rotated = load_secret_keys(folder / "secrets")
    assert rotated.current("access tokens")[0] != first
    assert rotated.find(first, "access tokens") is None
    assert (folder / "secrets" / "master-keys.json").stat().st_mode & 0o077 == 0


def test_a_running_server_keeps_its_data_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from filelock import FileLock

    with FileLock(folder / "server.lock"):
        assert command(folder, "list") == 1
    assert "in use" in capsys.readouterr().err


def test_an_invalid_password_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEW_PASSWORD", "short")
    assert command(folder, "create-superadmin", EMAIL, "Ada") == 1
    assert "at least 15" in capsys.readouterr().err
