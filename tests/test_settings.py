"""Settings as an administrator meets them: by variables, by the command line and in the README's table."""

import os
import re
from pathlib import Path

import pytest

from settings import PREFIX, Settings, read_settings, variable
from tests.paths import ROOT

README = ROOT / "README.md"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_the_command_line_goes_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPHLORE_PORT", "9001")
    monkeypatch.setenv("GRAPHLORE_MAX_QUEUED_ANSWERS", "3")
    settings = read_settings(["--port", "9002", "--host", "localhost", "--data-dir", str(tmp_path)])
    assert (settings.port, settings.max_queued_answers) == (9002, 3)
    assert (settings.host, settings.data_dir) == ("localhost", tmp_path)


def test_folders_count_from_where_the_server_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings([])
    assert settings.data_dir == tmp_path / "data"
    assert settings.models_folder == tmp_path / "data" / "models"


def test_lists_are_separated_by_commas_and_words_know_no_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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
def test_a_setting_that_cannot_be_used_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    assert f"{PREFIX}{name}: Input should be" in refusal(capsys)


@pytest.mark.parametrize("endpoint", ["localhost:4317", "ftp://localhost", "http://"])
def test_a_collector_that_is_no_address_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], endpoint: str
) -> None:
    monkeypatch.setenv("GRAPHLORE_OTEL_ENDPOINT", endpoint)
    assert "GRAPHLORE_OTEL_ENDPOINT: It must be an address" in refusal(capsys)


def test_a_reranker_that_is_no_model_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAPHLORE_RERANKER", str(tmp_path))
    assert "GRAPHLORE_RERANKER: It must be the folder of a cross-encoder" in refusal(capsys)
    (tmp_path / "config.json").write_text("{}")
    assert read_settings([]).reranker == tmp_path


def test_a_misspelled_variable_is_refused_with_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAPHLORE_ACESS_TOKEN", "a token of many characters")
    assert "is GRAPHLORE_ACCESS_TOKEN meant?" in refusal(capsys)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "notes.example"])
def test_a_server_that_others_can_reach_needs_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    assert "GRAPHLORE_ACCESS_TOKEN" in refusal(capsys, "--host", host)
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "a token of many characters")
    assert read_settings(["--host", host]).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_server_of_this_machine_alone_needs_none(host: str) -> None:
    assert read_settings(["--host", host]).access_token is None


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "a token of many characters")
    assert "of many" not in repr(read_settings([]))
    monkeypatch.setenv("GRAPHLORE_ACCESS_TOKEN", "hunter2")
    message = refusal(capsys)
    assert "16 characters" in message
    assert "hunter2" not in message


def table() -> list[str]:
    """The README's table, as the class would write it."""
    rows = []
    for field, info in Settings.model_fields.items():
        value = str(info.default).lower() if isinstance(info.default, bool) else info.default
        default = "" if value in (None, ()) else f"`{value}`"
        rows.append(f"| `{variable(field)}` | {default} | {info.description} |")
    return rows


def test_the_table_in_the_readme_is_what_the_settings_say() -> None:
    rows = re.findall(rf"^\| `{PREFIX}.*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == table(), "the README's table should be:\n" + "\n".join(table())
