"""What reaches the log, whoever writes to it: nothing that a person typed or that stands in a document."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from logs import configure_logs

CANARY = "CANARY-3141592653"


@pytest.fixture(params=[False, True], ids=["for people", "as JSON"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the log holds, at its most talkative; logging is as it was afterwards."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    kept = root.handlers, root.level, structlog.get_config(), list(uvicorn.filters)
    configure_logs("DEBUG", as_json=request.param)
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers, uvicorn.filters = kept[0], kept[3]
    root.setLevel(kept[1])
    structlog.configure(**kept[2])
    for name in ("graphlore", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def fall(prompt: str) -> None:
    try:
        raise KeyError(prompt)
    except KeyError as cause:
        raise ValueError(f"cannot read {prompt}") from cause


def test_an_exception_is_told_by_types_and_places_alone(written: io.StringIO) -> None:
    try:
        fall(CANARY)
    except ValueError as surprise:
        structlog.get_logger("graphlore.tests").error("surprise", exc_info=surprise)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=surprise)
    told = written.getvalue()
    assert CANARY not in told
    assert told.count("KeyError") == told.count("ValueError") == 2
    assert told.count("in fall") == 4
    assert "test_logs.py" in told


def test_an_exception_of_several_tells_each(written: io.StringIO) -> None:
    surprise = ExceptionGroup(CANARY, [OSError(2, CANARY), ExceptionGroup("inner", [KeyError(CANARY)])])
    structlog.get_logger("graphlore.tests").error("surprise", exc_info=surprise)
    assert CANARY not in written.getvalue()
    assert "FileNotFoundError" in written.getvalue()
    assert "KeyError" in written.getvalue()


@pytest.mark.parametrize("library", ["aiosqlite", "tortoise.db_client", "httpx", "websockets.server", "any.other"])
def test_libraries_speak_of_trouble_alone(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).debug("executing %s", CANARY)
    logging.getLogger(library).info("GET %s", CANARY)
    assert written.getvalue() == ""
    logging.getLogger(library).warning("trouble")
    assert "trouble" in written.getvalue()


def test_uvicorn_shows_neither_frames_nor_addresses_of_sockets(written: io.StringIO) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    assert not uvicorn.isEnabledFor(logging.DEBUG), "there it writes every frame that it receives"
    uvicorn.info('%s - "WebSocket %s" [accepted]', "127.0.0.1", f"/graphql?token={CANARY}")
    assert written.getvalue() == ""
    uvicorn.info("Application startup complete.")
    assert "startup" in written.getvalue()


def test_lines_carry_the_ids_of_what_they_belong_to(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", operation_id="o1"):
        structlog.get_logger("graphlore.tests").debug("done")
    line = written.getvalue()
    assert "r1" in line
    assert "o1" in line
    assert "done" in (json.loads(line)["event"] if line.startswith("{") else line)
