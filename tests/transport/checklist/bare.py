"""Requests written byte by byte, as no client of good will writes them."""

import asyncio

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
)
BODY = b'{"query":"{ greeting }"}'
ANSWER = b'"greeting":"Hello'


async def sent(address: str, request: bytes) -> tuple[int, bytes]:
    """The status of the answer, and what of its body came along with it."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        return status, await reader.read(65_536) if status != 101 else b""
    finally:
        writer.close()
        await writer.wait_closed()


def post(
    headers: bytes, *, target: bytes = b"/graphql", body: bytes = BODY, kind: bytes = b"application/json"
) -> bytes:
    """`headers` are whole lines, `Host` among them."""
    length = b"Content-Length: %d\r\n" % len(body)
    typed = b"Content-Type: " + kind + b"\r\n"
    return b"POST " + target + b" HTTP/1.1\r\nConnection: close\r\n" + headers + typed + length + b"\r\n" + body


def upgrade(headers: bytes) -> bytes:
    """Asks for a socket."""
    return b"GET /graphql HTTP/1.1\r\n" + headers + UPGRADE + b"\r\n"
