"""A response to a request whose body was not read to its end.

Closing a connection while the client still sends resets it, and the client may never read the response. Some of the
remaining bytes are therefore read and discarded after the response, before the connection is closed.
"""

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Send

from transport.http.request_body import announced_bytes

MAX_SECONDS = 2.0
MAX_BYTES = 32 << 20
SMALL_BODY = 64 << 10
"""Up to this size in bytes, uvicorn reads and discards a body by itself and keeps the connection open."""


class WatchedBody:
    """An ASGI `receive` callable that records whether the request body was read to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.ended = self.ended or not message.get("more_body")
        return message

    def has_unread_data(self, request: Request) -> bool:
        """Return whether the body was not read to its end, and is or may be larger than SMALL_BODY."""
        is_chunked = "transfer-encoding" in request.headers
        return not self.ended and (is_chunked or announced_bytes(request) > SMALL_BODY)


async def respond_and_drain(response: Response, receive: Receive, send: Send) -> None:
    """Send the response, discard the rest of the body up to MAX_BYTES and MAX_SECONDS, and close the connection."""
    response.headers["Connection"] = "close"
    start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "http.response.body", "body": bytes(response.body), "more_body": True})
    with anyio.move_on_after(MAX_SECONDS):
        await _discard(receive)
    await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive) -> None:
    discarded = 0
    while discarded < MAX_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return
        discarded += len(message.get("body", b""))
