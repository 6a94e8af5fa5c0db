"""Settings from environment variables and the command line, and their table in the README."""

import os
import re
from pathlib import Path

import pytest

from settings import PREFIX, Settings, read_settings, variable
from tests.paths import ROOT

README = ROOT / "README.md"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def error_output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the output of settings that are rejected with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_the_command_line_overrides_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPHLORE_PORT", "9001")
    monkeypatch.setenv("GRAPHLORE_MAX_QUEUED_ANSWERS", "3")
    settings = read_settings(["--port", "9002", "--host", "localhost", "--data-dir", str(tmp_path)])
    assert (settings.port, settings.max_queued_answers) == (9002, 3)
    assert (settings.host, settings.data_dir) == ("localhost", tmp_path)


def test_relative_folders_are_resolved_from_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings([])
    assert settings.data_dir == tmp_path / "data"
    assert settings.models_folder == tmp_path / "data" / "models"


def test_lists_are_separated_by_commas_and_levels_ignore_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPHLORE_IMPORT_ROOTS", f"{tmp_path}, ~/papers")
    monkeypatch.setenv("GRAPHLORE_LOG_LEVEL", "debug")
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "")
    settings = read_settings([])
    assert settings.import_roots == (tmp_path, Path.home() / "papers")
    assert settings.log_level == "DEBUG"
    assert settings.access_token is None, "an empty variable is an unset one"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "abc"), ("PORT", "70000"), ("LOG_FORMAT", "xml"), ("MAX_UPLOAD_BYTES", "0")]
)
def test_an_invalid_setting_is_rejected_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    assert f"{PREFIX}{name}: Input should be" in error_output(capsys)


def test_all_invalid_settings_are_reported_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAPHLORE_PORT", "abc")
    monkeypatch.setenv("GRAPHLORE_LOG_FORMAT", "xml")
    monkeypatch.setenv("GRAPHLORE_NO_SUCH", "1")
    lines = error_output(capsys).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "GRAPHLORE_NO_SUCH",
        "GRAPHLORE_PORT",
        "GRAPHLORE_LOG_FORMAT",
    ]


@pytest.mark.parametrize("endpoint", ["localhost:4317", "ftp://localhost", "http://"])
def test_an_invalid_collector_address_is_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], endpoint: str
) -> None:
    monkeypatch.setenv("GRAPHLORE_OTEL_ENDPOINT", endpoint)
    assert "GRAPHLORE_OTEL_ENDPOINT: It must be an address" in error_output(capsys)


def test_a_reranker_without_a_configuration_is_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAPHLORE_RERANKER", str(tmp_path))
    assert "GRAPHLORE_RERANKER: It must be the folder of a cross-encoder" in error_output(capsys)
    (tmp_path / "config.json").write_text("{}")
    assert read_settings([]).reranker == tmp_path


def test_a_misspelled_variable_is_rejected_with_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAPHLORE_ACESS_TOKEN", "a token of many characters")
    assert "Did you mean GRAPHLORE_ACCESS_TOKEN?" in error_output(capsys)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "notes.example"])
def test_a_server_that_other_machines_can_reach_needs_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    assert "GRAPHLORE_ACCESS_TOKEN" in error_output(capsys, "--host", host)
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "a token of many characters")
    assert read_settings(["--host", host]).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_server_on_loopback_needs_no_token(host: str) -> None:
    assert read_settings(["--host", host]).access_token is None


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "a token of many characters")
    assert "of many" not in repr(read_settings([]))
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "hunter2")
    message = error_output(capsys)
    assert "16 characters" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "origin",
    [
        "https://notes.example",
        "http://localhost:5173",
        "https://[fd00::7]:8443",
        "tauri://localhost",
        "app://obsidian.md",
        "app://-",
        "app://.",
        "capacitor://localhost",
        "chrome-extension://flnheeellpciglgpaodhkhmapeoopldn",
        "safari-web-extension://5D0B3C1E-6A1B-4F0E-9C66-2F1F3F4C9C11",
        "vscode-webview://0a1b",
    ],
)
def test_origins_of_pages_and_programs_can_be_allowed(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("GRAPHLORE_ALLOWED_ORIGINS", origin)
    assert read_settings([]).allowed_origins == (origin,)


@pytest.mark.parametrize(
    ("value", "path"),
    [("", ""), ("/", ""), ("/graphlore", "/graphlore"), ("/a/b-c_d.e~/", "/a/b-c_d.e~"), ("/graphlore/", "/graphlore")],
)
def test_a_root_path_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch, value: str, path: str) -> None:
    monkeypatch.setenv("GRAPHLORE_ROOT_PATH", value)
    assert read_settings([]).root_path == path


@pytest.mark.parametrize(
    "value", ["graphlore", "//evil.example", "/a//b", "/a?b", "/a#b", "/../a", "/a/..", "/a b", "/ü"]
)
def test_an_invalid_root_path_is_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("GRAPHLORE_ROOT_PATH", value)
    assert "GRAPHLORE_ROOT_PATH: " in error_output(capsys)


def table() -> list[str]:
    """Return the rows of the README's table, generated from the class."""
    rows = []
    for field, info in Settings.model_fields.items():
        value = str(info.default).lower() if isinstance(info.default, bool) else info.default
        default = "" if value in (None, (), "") else f"`{value}`"
        rows.append(f"| `{variable(field)}` | {default} | {info.description} |")
    return rows


def test_the_table_in_the_readme_matches_the_settings() -> None:
    rows = re.findall(rf"^\| `{PREFIX}.*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == table(), "the README's table should be:\n" + "\n".join(table())
