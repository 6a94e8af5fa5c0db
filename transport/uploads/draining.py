"""A response to a body that is not read to its end.

A connection that is closed while bytes of the client are on their way is reset, and the client may never see why. So after
the response is out, some of those bytes are taken and forgotten before the connection is closed.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Send

from transport.http.bodies import announced

SECONDS = 2.0
BYTES = 32 << 20


LITTLE = 64 << 10
"""Bytes that the server reads and forgets by itself, and keeps the connection."""


class WatchedBody:
    """A `receive` that knows whether the body was read to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.ended = self.ended or not message.get("more_body")
        return message

    def is_left(self, request: Request) -> bool:
        """Whether much of the body may still come."""
        chunked = "transfer-encoding" in request.headers
        return not self.ended and (chunked or announced(request) > LITTLE)


async def respond_and_linger(response: Response, receive: Receive, send: Send) -> None:
    response.headers["Connection"] = "close"
    start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "http.response.body", "body": bytes(response.body), "more_body": True})
    try:
        async with asyncio.timeout(SECONDS):
            await _forget(receive)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _forget(receive: Receive) -> None:
    taken = 0
    while taken < BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return
        taken += len(message.get("body", b""))
