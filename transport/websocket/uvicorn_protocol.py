"""uvicorn's WebSocket, but for what it leaves open with clients that do not read, and at the end of a connection.

It waits for what is unsent to be read before it lets go of a socket, which a client that never reads can hold for ever; it
answers any number of pings of such a client; it takes a frame that comes behind the close frame for a mistake of ours,
though the two may cross; and it does not say why it closes when the server stops.
"""

from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STOPPING = 1012
REASON = "The server is stopping."
UNREAD = 1 << 20
"""Bytes that wait for a client; behind so many its pings get no answer, which would come too late anyway."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.disconnected:
            self.loop.call_later(self.close_timeout, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Who did not answer a ping has not read what was sent before it either."""
        super().keepalive_timeout()
        self.transport.abort()

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() < UNREAD:
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


WEBSOCKET_OPTIONS: dict[str, Any] = {"ws": WebSocketProtocol, "ws_max_size": 1 << 20, "ws_per_message_deflate": False}
"""What uvicorn is started with. Compression would be done again for each of those who are sent the same."""
