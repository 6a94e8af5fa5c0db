"""A minimal HTTP/1.1 client with persistent connections. It uses little CPU time compared to the measured server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

HEADERS_END = b"\r\n\r\n"


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, request: bytes) -> bytes:
        """Send the request and return the body of the response, which must have a Content-Length."""
        self._writer.write(request)
        head = await self._reader.readuntil(HEADERS_END)
        start = head.lower().index(b"content-length:") + 15
        return await self._reader.readexactly(int(head[start : head.index(b"\r", start)]))


@asynccontextmanager
async def open_connection(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def encode_request(port: int, query: str, **variables: Any) -> bytes:
    """Return a GraphQL request as bytes."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def requests_per_second(port: int, request: bytes, connections: int, seconds: float) -> float:
    ends = perf_counter() + seconds

    async def send_requests() -> int:
        sent = 0
        async with open_connection(port) as connection:
            while perf_counter() < ends:
                await connection.send(request)
                sent += 1
        return sent

    began = perf_counter()
    sent = await asyncio.gather(*(send_requests() for _ in range(connections)))
    return sum(sent) / (perf_counter() - began)
