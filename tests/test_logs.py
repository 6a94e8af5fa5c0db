"""The log contains no input of users and no text of documents, whichever library writes a line."""

import ast
import asyncio
import gc
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import TypeGuard

import pytest
import structlog

from logs import configure_logs
from tests.support.source import modules

CANARY = "CANARY-3141592653"


@pytest.fixture(params=[False, True], ids=["console", "JSON"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Capture the log at DEBUG; restore the configuration of logging afterwards."""
    root = logging.getLogger()
    filtered = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio")]
    handlers, level, configuration = root.handlers, root.level, structlog.get_config()
    filters = [list(logger.filters) for logger in filtered]
    configure_logs("DEBUG", as_json=request.param)
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers = handlers
    for logger, kept in zip(filtered, filters, strict=True):
        logger.filters = kept
    root.setLevel(level)
    structlog.configure(**configuration)
    for name in ("graphlore", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def fail(prompt: str) -> None:
    try:
        raise KeyError(prompt)
    except KeyError as cause:
        raise ValueError(f"cannot read {prompt}") from cause


def test_an_exception_is_logged_by_its_types_and_places_alone(log: io.StringIO) -> None:
    try:
        fail(CANARY)
    except ValueError as error:
        structlog.get_logger("graphlore.tests").error("unexpected error", exc_info=error)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
    text = log.getvalue()
    assert CANARY not in text
    assert text.count("KeyError") == text.count("ValueError") == 2
    assert text.count("in fail") == 4
    assert "test_logs.py" in text


def test_every_exception_of_a_group_is_logged(log: io.StringIO) -> None:
    group = ExceptionGroup(CANARY, [OSError(2, CANARY), ExceptionGroup("inner", [KeyError(CANARY)])])
    structlog.get_logger("graphlore.tests").error("unexpected error", exc_info=group)
    assert CANARY not in log.getvalue()
    assert "FileNotFoundError" in log.getvalue()
    assert "KeyError" in log.getvalue()


@pytest.mark.parametrize("library", ["aiosqlite", "tortoise.db_client", "httpx", "websockets.server", "any.other"])
def test_libraries_log_from_warning(log: io.StringIO, library: str) -> None:
    logging.getLogger(library).debug("executing %s", CANARY)
    logging.getLogger(library).info("GET %s", CANARY)
    assert log.getvalue() == ""
    logging.getLogger(library).warning("trouble")
    assert "trouble" in log.getvalue()


def test_uvicorn_logs_neither_frames_nor_addresses_of_sockets(log: io.StringIO) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    assert not uvicorn.isEnabledFor(logging.DEBUG), "at DEBUG it logs every frame"
    uvicorn.info('%s - "WebSocket %s" [accepted]', "127.0.0.1", f"/graphql?token={CANARY}")
    assert log.getvalue() == ""
    uvicorn.info("Application startup complete.")
    assert "startup" in log.getvalue()


def test_lines_have_the_ids_of_their_request_and_operation(log: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", operation_id="o1"):
        structlog.get_logger("graphlore.tests").debug("done")
    line = log.getvalue()
    assert "r1" in line
    assert "o1" in line
    assert "done" in (json.loads(line)["event"] if line.startswith("{") else line)


async def test_asyncio_logs_no_text_of_an_exception(log: io.StringIO) -> None:
    async def fail_in_the_background() -> None:
        fail(CANARY)

    task = asyncio.ensure_future(fail_in_the_background())
    await asyncio.wait([task])
    del task
    gc.collect()
    text = log.getvalue()
    assert "Task exception was never retrieved" in text
    assert "ValueError" in text
    assert CANARY not in text


PRIVATE = {
    "address", "authorization", "content", "cookie", "digest", "email", "input", "name", "password", "prompt", "query",
    "quote", "reasoning", "secret", "tags", "text", "title", "token", "variables",
}  # fmt: skip
"""Words in the names of values that may come from users, or that open something."""
NO_USERS = {
    "bootstrap/deep_embedder.py: model.name": "a model of embeddings",
    "bootstrap/stop_request.py: number.name": "a signal of the operating system",
    "concurrency/error_boundary.py: name": "work of the server",
    "concurrency/owned_tasks.py: self.name": "work of the server",
    "concurrency/supervisor.py: name": "a loop of the server",
    "services/attempt.py: name": "work of the server",
    "services/models/loader.py: record.name": "a model, which belongs to the server",
    "services/models/models.py: entry.record.name": "a model, which belongs to the server",
    "transport/execution/error_masking.py: self._operation_name": "the name of an operation in a client's code",
}
"""Logged values whose names contain such a word, with the reason why they may be logged."""
LOGGING = re.compile(r"log\.(debug|info|warning|error|critical|exception)|(bind|bound)_contextvars")


def logging_calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that write to the log or add values to its lines, with their files."""
    for name, tree in modules().items():
        if not name.startswith(("tests/", "benchmarks/", "examples/")):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and LOGGING.fullmatch(ast.unparse(node.func)):
                    yield name, node


def has_private_word(value: ast.expr) -> bool:
    """Return whether a name in an expression contains a word of `PRIVATE`."""
    names = [each.id if isinstance(each, ast.Name) else each.attr for each in ast.walk(value) if is_name(each)]
    return any(set(name.strip("_").split("_")) & PRIVATE for name in names)


def is_name(node: ast.AST) -> TypeGuard[ast.Name | ast.Attribute]:
    return isinstance(node, ast.Name | ast.Attribute)


def test_no_value_with_a_private_name_is_logged() -> None:
    found = {
        f"{name}: {ast.unparse(each.value)}"
        for name, call in logging_calls()
        for each in call.keywords
        if has_private_word(each.value)
    }
    assert found == set(NO_USERS)


def test_events_of_the_log_are_constant() -> None:
    calls = [(name, call) for name, call in logging_calls() if "contextvars" not in ast.unparse(call.func)]
    assert len(calls) > 40
    assert [name for name, call in calls if not isinstance(call.args[0], ast.Constant)] == []
