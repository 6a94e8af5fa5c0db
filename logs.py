"""Logs: one line or one JSON object an event, times in UTC; prompts and documents are never in them.

Two things keep that promise where no author of a line can. Libraries speak from WARNING on, or INFO where it is uvicorn:
below, they write down whatever passes through them (frames of WebSockets, values of SQL). And an exception is told by
types and places: what it says, and the local variables that it was raised among, may quote a document.
"""

import logging
import traceback
from collections.abc import Iterator

import structlog

OWN = "graphlore"
"""All loggers of this server are below this name."""
ADDRESS_OF_SOCKET = '%s - "WebSocket %s"'
"""uvicorn's lines that begin so show the query string of a socket's address."""


def configure_logs(level: str, *, as_json: bool) -> None:
    """Route structlog and the standard library's loggers to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Said outright: where `rich` is installed, structlog would print the local variables too, prompts among them.
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
                structlog.processors.ExceptionRenderer(_told),
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
    server.addFilter(_shows_no_address)


def _shows_no_address(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(ADDRESS_OF_SOCKET)


def _told(exc_info: structlog.typing.ExcInfo) -> str:
    return "\n".join(_lines(exc_info[1], set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Types and places of an exception, of what led to it and of what it holds, innermost first as Python does."""
    if id(error) in seen:
        return
    seen.add(id(error))
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _lines(earlier, seen)
        yield "which led to"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        for held in error.exceptions:
            yield "which holds"
            yield from _lines(held, seen)
