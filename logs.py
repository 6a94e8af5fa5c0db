"""Logs: one line or one JSON object for each event, with times in UTC, without prompts and documents.

Two rules keep prompts and documents out of the log. First, libraries log only from WARNING and uvicorn only from INFO,
because below that they log the data that they process (frames of WebSockets, values of SQL). Second, exceptions are logged
by their types and code locations, because their messages and local variables may quote a document.
"""

import logging
import traceback
from collections.abc import Iterator

import structlog

OWN = "graphlore"
"""Name of the logger that is the parent of all loggers of this server."""
SOCKET_ADDRESS = '%s - "WebSocket %s"'
"""Beginning of the format of uvicorn's log lines that contain the address of a WebSocket with its query string.

These lines are dropped, because a query string may contain a secret.
"""


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
    """Keep only the first line of a message of asyncio. The other lines may contain the text of an exception."""
    record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def format_exception(exc_info: structlog.typing.ExcInfo) -> str:
    """Return the types and code locations of an exception, of its causes and of the exceptions in a group.

    Causes come first, as in a traceback of Python.
    """
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
