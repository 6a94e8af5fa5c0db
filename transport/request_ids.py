"""Every request and every socket has an id: in the log's lines, and in the answer's `X-Request-Id`."""

import re
from http import HTTPStatus
from time import perf_counter
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from transport.execution.observing import Meter, new_id
from transport.security.masking import internal

HEADER = "X-Request-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""An id of the client's own, that is taken over: short, and of characters that mean nothing in any log."""
LONGEST_PATH = 120

log = structlog.stdlib.get_logger("graphlore.requests")


class RequestIds:
    """The outermost of our guards, so that refusals carry their id too."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        own = given if ACCEPTED.fullmatch(given) else new_id()
        answer = _Answer(own, send, self._meter)
        began = perf_counter()
        with bound_contextvars(request_id=own):
            try:
                await self._app(scope, receive, answer.send)
            except Exception:
                if scope["type"] == "http" and answer.status is None:
                    response = JSONResponse({"errors": [internal(own)]}, HTTPStatus.INTERNAL_SERVER_ERROR)
                    await response(scope, receive, answer.send)
                raise
            finally:
                answer.end()
                _tell(scope, answer.status, 1000 * (perf_counter() - began))


class _Answer:
    """What is sent for one request: gets the id on its way, and its status noted."""

    def __init__(self, own: str, send: Send, meter: Meter) -> None:
        self._own = own
        self._send = send
        self._meter = meter
        self._is_socket = False
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
            message.setdefault("headers", [])
            MutableHeaders(scope=message)[HEADER] = self._own
            self.status = message.get("status", HTTPStatus.SWITCHING_PROTOCOLS.value)
        if kind == "websocket.accept":
            self._is_socket = True
            self._meter.connected()
        await self._send(message)

    def end(self) -> None:
        if self._is_socket:
            self._meter.disconnected()


def _tell(scope: Scope, status: int | None, milliseconds: float) -> None:
    """The path as it stands in an address, without what comes behind the question mark: that may carry a signature."""
    tell = log.error if status == HTTPStatus.INTERNAL_SERVER_ERROR else log.debug
    tell(
        "request", method=scope.get("method", "WEBSOCKET"), path=quote(scope["path"])[:LONGEST_PATH], status=status,
        milliseconds=round(milliseconds, 1),
    )  # fmt: skip
