"""HTTP requests written byte by byte, to send what no regular client sends."""

import asyncio

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
)
BODY = b'{"query":"{ greeting }"}'
GREETING = b'"greeting":"Hello'


async def status_and_body(address: str, request: bytes) -> tuple[int, bytes]:
    """Send a request; return the status of the response and the part of its body that arrives with it."""
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
    """Return a POST request. `headers` are complete lines, including `Host`; `kind` is the content type."""
    length = b"Content-Length: %d\r\n" % len(body)
    content_type = b"Content-Type: " + kind + b"\r\n"
    return b"POST " + target + b" HTTP/1.1\r\nConnection: close\r\n" + headers + content_type + length + b"\r\n" + body


def upgrade(headers: bytes) -> bytes:
    """Return a request to open a WebSocket."""
    return b"GET /graphql HTTP/1.1\r\n" + headers + UPGRADE + b"\r\n"
