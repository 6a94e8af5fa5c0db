"""The WebSocket protocol of uvicorn, with the interval of its pings and four changes.

- A connection is aborted some seconds after its end. uvicorn waits until all bytes are sent, which a client that never reads
  can prevent forever.
- Pings of a client that does not read are not answered. uvicorn answers any number of them.
- A message that the application sends after the close frame is not logged as an error, because the application may not have
  noticed the close frame yet.
- Sockets that are closed because the server stops get a close reason.

Overrides private parts of uvicorn; checked against uvicorn 0.54.
"""

from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STOPPING = 1012
REASON = "The server is stopping."
PING_INTERVAL_SECONDS = 20.0
PING_TIMEOUT_SECONDS = 20.0
"""A connection is aborted if the client does not answer a ping of the server within this time."""
MAX_UNREAD = 1 << 20
"""If more than this many sent bytes were not read by a client, its pings are not answered."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.disconnected:
            self.loop.call_later(self.close_timeout, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Abort the connection of a client that did not answer a ping, without waiting for unsent bytes."""
        super().keepalive_timeout()
        self.transport.abort()

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() < MAX_UNREAD:
            super().handle_ping()
        else:
            self.conn.data_to_send()

    async def send(self, message: ASGISendEvent) -> None:
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": STOPPING, "reason": REASON})
            self.conn.send_close(STOPPING, REASON)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()


WEBSOCKET_OPTIONS: dict[str, Any] = {
    "ws": WebSocketProtocol,
    "ws_ping_interval": PING_INTERVAL_SECONDS,
    "ws_ping_timeout": PING_TIMEOUT_SECONDS,
    "ws_max_size": 1 << 20,
    "ws_per_message_deflate": False,
}
"""Options of uvicorn. Compression is off, because it would be repeated for each client that gets the same message."""
