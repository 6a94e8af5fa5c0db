"""GraphQL over WebSocket by the protocol graphql-transport-ws: all operations of a client on one connection.

A task reads each connection and starts one for each operation, all in the connection's group, so that nothing of it is left
when it ends. An operation asks its source for the next event only after the last one was taken by the socket.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any

from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from records.codes import ErrorCode
from records.settings import Limits
from transport.execution.execution import Operations
from transport.http.encoding import encode
from transport.http.requests import GraphQLRequest
from transport.security.refusals import Formatted, OperationRefused
from transport.security.security import AccessToken
from transport.websocket.frames import (
    ABNORMAL,
    FORBIDDEN,
    ID_IN_USE,
    INITIALISED_LATE,
    INITIALISED_TWICE,
    INVALID_FRAME,
    NOT_INITIALISED,
    PROTOCOL,
    TOO_BIG,
    WRONG_PROTOCOL,
    Complete,
    ConnectionInit,
    Frame,
    Ping,
    ProtocolViolated,
    Subscribe,
    read_frame,
)


class GraphQLOverWebSocket:
    """An endpoint for one path. `init_seconds` is how long a client may wait before it introduces itself."""

    def __init__(self, operations: Operations, limits: Limits, token: AccessToken, init_seconds: float) -> None:
        self._operations = operations
        self._limits = limits
        self._token = token
        self._init_seconds = init_seconds

    async def serve(self, socket: WebSocket) -> None:
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(WRONG_PROTOCOL, f"The protocol here is {PROTOCOL}.")
            return
        await socket.accept(PROTOCOL)
        connection = _Connection(socket, self._operations, self._limits, self._token)
        try:
            await connection.serve(self._init_seconds)
        except WebSocketDisconnect:
            return


class _Connection:
    def __init__(self, socket: WebSocket, operations: Operations, limits: Limits, token: AccessToken) -> None:
        self._socket = socket
        self._operations = operations
        self._limits = limits
        self._token = token
        self._running: dict[str, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()

    async def serve(self, init_seconds: float) -> None:
        try:
            async with asyncio.timeout(init_seconds):
                await self._initialise()
        except TimeoutError:
            await self._close(ProtocolViolated(INITIALISED_LATE, "The connection was not initialised in time."))
        except ProtocolViolated as violation:
            await self._close(violation)
        else:
            async with asyncio.TaskGroup() as tasks:
                await self._converse(tasks)

    async def _initialise(self) -> None:
        while not isinstance(frame := await self._receive(), ConnectionInit):
            if isinstance(frame, Subscribe):
                raise ProtocolViolated(NOT_INITIALISED, "Unauthorized")
            await self._keep_alive(frame)
        if not self._token.opens_socket(self._socket, frame.payload):
            raise ProtocolViolated(FORBIDDEN, "Forbidden")
        await self._send({"type": "connection_ack"})

    async def _converse(self, tasks: asyncio.TaskGroup) -> None:
        """To the end of the connection, whoever ends it; then nothing runs on."""
        try:
            while True:
                await self._handle(await self._receive(), tasks)
        except ProtocolViolated as violation:
            self._cancel_all()  # first: nothing may be sent behind the close frame
            await self._close(violation)
        except WebSocketDisconnect:
            pass
        finally:
            self._cancel_all()

    async def _handle(self, frame: Frame, tasks: asyncio.TaskGroup) -> None:
        match frame:
            case ConnectionInit():
                raise ProtocolViolated(INITIALISED_TWICE, "Too many initialisation requests")
            case Subscribe(id=own):
                await self._subscribe(own, frame.request, tasks.create_task)
            case Complete(id=own):
                if own in self._running:
                    self._running.pop(own).cancel()
            case _:
                await self._keep_alive(frame)

    async def _keep_alive(self, frame: Frame) -> None:
        if isinstance(frame, Ping):
            await self._send({"type": "pong"} | ({"payload": frame.payload} if frame.payload else {}))

    async def _subscribe(self, own: str, request: GraphQLRequest, start: Callable[..., asyncio.Task[None]]) -> None:
        if own in self._running:
            raise ProtocolViolated(ID_IN_USE, f"Subscriber for {own} already exists")
        most = self._limits.max_subscriptions_per_connection
        if len(self._running) >= most:
            message = f"A connection may have {most} operations at a time."
            await self._fail(own, [{"message": message, "extensions": {"code": ErrorCode.BUSY}}])
        else:
            self._running[own] = start(self._operate(own, request))

    async def _operate(self, own: str, request: GraphQLRequest) -> None:
        try:
            await self._answer(own, request)
            last: dict[str, Any] = {"type": "complete", "id": own}
        except OperationRefused as refusal:
            last = {"type": "error", "id": own, "payload": refusal.errors}
        except WebSocketDisconnect:
            return  # the reader is told, too
        self._running.pop(own, None)  # before the client hears of it: the id is free again
        with suppress(WebSocketDisconnect):
            await self._send(last)

    async def _answer(self, own: str, request: GraphQLRequest) -> None:
        operation = self._operations.prepare(request, self._socket)
        if operation.kind is OperationType.SUBSCRIPTION:
            async with aclosing(self._operations.stream(operation)) as payloads:
                async for payload in payloads:
                    await self._next(own, payload)
        else:
            await self._next(own, encode(await self._operations.run(operation)).decode())

    def _cancel_all(self) -> None:
        for task in self._running.values():
            task.cancel()

    async def _close(self, violation: ProtocolViolated) -> None:
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            await self._socket.close(violation.code, violation.reason)

    async def _next(self, own: str, payload: str) -> None:
        """`payload` is JSON already, for it may be sent to many."""
        await self._send_text(f'{{"type":"next","id":{encode(own).decode()},"payload":{payload}}}')

    async def _fail(self, own: str, errors: list[Formatted]) -> None:
        await self._send({"type": "error", "id": own, "payload": errors})

    async def _receive(self) -> Frame:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            raise ProtocolViolated(INVALID_FRAME, "A message must be text.")
        if len(text) > self._limits.max_request_bytes:
            raise ProtocolViolated(TOO_BIG, "The message is too big.")
        return read_frame(text)

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._send_text(encode(frame).decode())

    async def _send_text(self, text: str) -> None:
        """Latency while the client does not read. One at a time: of all operations, one event waits for the socket."""
        async with self._writing:
            try:
                await self._socket.send({"type": "websocket.send", "text": text})
            except WebSocketDisconnected:  # another operation's event found the client gone first
                raise WebSocketDisconnect(ABNORMAL) from None
