"""Ids of requests and WebSockets. An id is in the log lines of a request and in `X-Request-Id` of its response."""

import re
from http import HTTPStatus
from time import perf_counter
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from transport.execution.error_masking import internal_error
from transport.execution.observed_operations import Meter, new_id

HEADER = "X-Request-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The ids that are accepted from clients: short, and without characters that could forge log lines."""
MAX_PATH = 120

log = structlog.stdlib.get_logger("graphlore.requests")


class RequestIds:
    """Middleware that assigns an id to each request. It is the outermost one, so that all responses have an id."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if ACCEPTED.fullmatch(given) else new_id()
        response = _Response(request_id, send, self._meter)
        started_at = perf_counter()
        with bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, response.send)
            except Exception:
                if scope["type"] == "http" and response.status is None:
                    error = JSONResponse({"errors": [internal_error(request_id)]}, HTTPStatus.INTERNAL_SERVER_ERROR)
                    await error(scope, receive, response.send)
                raise
            finally:
                response.end()
                _log(scope, response.status, 1000 * (perf_counter() - started_at))


class _Response:
    """Adds the id to the response of one request, and records its status."""

    def __init__(self, request_id: str, send: Send, meter: Meter) -> None:
        self._request_id = request_id
        self._send = send
        self._meter = meter
        self._is_socket = False
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
            message.setdefault("headers", [])
            MutableHeaders(scope=message)[HEADER] = self._request_id
            self.status = message.get("status", HTTPStatus.SWITCHING_PROTOCOLS.value)
        if kind == "websocket.accept":
            self._is_socket = True
            self._meter.connected()
        await self._send(message)

    def end(self) -> None:
        if self._is_socket:
            self._meter.disconnected()


def _log(scope: Scope, status: int | None, milliseconds: float) -> None:
    """Log a request. The path is logged without its query string, which may contain a signature."""
    log_at_level = log.error if status == HTTPStatus.INTERNAL_SERVER_ERROR else log.debug
    log_at_level(
        "request",
        method=scope.get("method", "WEBSOCKET"),
        path=quote(scope["path"])[:MAX_PATH],
        status=None if status is None else int(status),
        milliseconds=round(milliseconds, 1),
    )
