"""What is logged says where something went wrong, never with what."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from logs import configure_logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def answer(prompt: str) -> None:
    raise LookupError("no such word")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("logger", ["ours", "another's"])
def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str], as_json: bool, logger: str) -> None:
    configure_logs("INFO", as_json=as_json)
    try:
        answer("".join(("sword", "fish")))
    except LookupError as cause:
        if logger == "ours":
            structlog.stdlib.get_logger("tests").error("unexpected", exc_info=cause)
        else:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    written = capsys.readouterr().err
    assert "no such word" in written
    assert "swordfish" not in written
    assert "test_logs.py" in written
    if as_json:
        assert json.loads(written)["level"] == "error"
