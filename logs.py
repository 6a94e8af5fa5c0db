"""Logs: one line or one JSON object for each event, with times in UTC, without prompts and documents.

Two rules keep prompts and documents out of the log wherever a line is written. Libraries log from WARNING, uvicorn from
INFO: below that they log the data that they process (frames of WebSockets, values of SQL). Exceptions are logged by their
types and places, because their messages and the local variables of their frames may quote a document.
"""

import logging
import traceback
from collections.abc import Iterator

import structlog

OWN = "graphlore"
"""Parent of all loggers of this server."""
SOCKET_ADDRESS = '%s - "WebSocket %s"'
"""Beginning of uvicorn's lines that contain the query string of a WebSocket's address."""


def configure_logs(level: str, *, as_json: bool) -> None:
    """Route structlog and the loggers of the standard library to standard error in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Set explicitly: if `rich` is installed, structlog's default would print local variables, prompts among them.
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    renderer = structlog.processors.JSONRenderer() if as_json else console
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(format_exception),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    _set_levels(getattr(logging, level))


def _set_levels(level: int) -> None:
    logging.getLogger().setLevel(max(level, logging.WARNING))
    logging.getLogger(OWN).setLevel(level)
    server = logging.getLogger("uvicorn.error")
    server.setLevel(max(level, logging.INFO))
    server.addFilter(_has_no_socket_address)
    logging.getLogger("asyncio").addFilter(_keep_first_line)


def _has_no_socket_address(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(SOCKET_ADDRESS)


def _keep_first_line(record: logging.LogRecord) -> bool:
    """Remove what asyncio appends to its messages: the task or future, with the text of its exception."""
    record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def format_exception(exc_info: structlog.typing.ExcInfo) -> str:
    """Return the types and places of an exception, its causes and its parts, the innermost first as in Python."""
    return "\n".join(_lines(exc_info[1], set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause, seen)
        yield "caused"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield "contains"
            yield from _lines(part, seen)
