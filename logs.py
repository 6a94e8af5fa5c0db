"""Logs: one line or one JSON object an event, times in UTC; prompts and documents are never in them."""

import logging

import structlog


def configure_logs(level: str, *, as_json: bool) -> None:
    """Route structlog and the standard library's loggers to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.processors.JSONRenderer() if as_json else _console()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    last = [structlog.processors.format_exc_info, renderer] if as_json else [renderer]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "asyncio", "multipart", "python_multipart", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _console() -> structlog.dev.ConsoleRenderer:
    """With plain tracebacks: where Rich is installed, structlog would print every local variable, and prompts with them."""
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
