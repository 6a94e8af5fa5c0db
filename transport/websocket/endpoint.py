"""GraphQL over WebSocket by the protocol graphql-transport-ws: all operations of a client on one connection.

One task reads each connection and starts a task for each operation, all in the connection's task group, so that no task of
a connection is left when it ends. An operation requests the next event from its source only after the socket has accepted
the previous one.
"""

from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any

import anyio
from anyio.abc import TaskGroup
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from concurrency import open_task_group
from records.access import Exchange, Viewer
from records.codes import ErrorCode
from records.configuration import Limits
from transport.errors import Formatted, OperationRejected, RequestRejected
from transport.execution.operations import Contexts, Operations
from transport.http.graphql_request import GraphQLRequest, read_request
from transport.json_codec import encode_json, encode_text
from transport.security.access_guard import authenticate_socket
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

REVOCATION_SECONDS = 0.25
"""Delay before a connection is closed after its credentials were revoked."""


class GraphQLOverWebSocket:
    """An endpoint for one path. A client must send `connection_init` within `init_seconds`."""

    def __init__(self, operations: Operations, contexts: Contexts, limits: Limits, init_seconds: float) -> None:
        self._operations = operations
        self._contexts = contexts
        self._limits = limits
        self._init_seconds = init_seconds

    async def serve(self, socket: WebSocket) -> None:
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(WRONG_PROTOCOL, f"The protocol of this endpoint is {PROTOCOL}.")
            return
        await socket.accept(PROTOCOL)
        connection = _Connection(socket, self._operations, self._contexts, self._limits)
        with suppress(WebSocketDisconnect):
            await connection.serve(self._init_seconds)


class _Connection:
    """One WebSocket with its running operations. `_running` has the cancel scope of each operation by its id."""

    def __init__(self, socket: WebSocket, operations: Operations, contexts: Contexts, limits: Limits) -> None:
        self._socket = socket
        self._operations = operations
        self._contexts = contexts
        self._limits = limits
        self._exchange = Exchange(
            address=socket.client.host if socket.client else None, client=socket.headers.get("user-agent", "")
        )
        self._running: dict[str, anyio.CancelScope] = {}
        self._sending = anyio.Lock(fast_acquire=True)

    async def serve(self, init_seconds: float) -> None:
        try:
            with anyio.fail_after(init_seconds):
                viewer = await self._initialise()
        except TimeoutError:
            await self._close(ProtocolViolated(INITIALISED_LATE, "The connection was not initialised in time."))
        except ProtocolViolated as violation:
            await self._close(violation)
        else:
            await self._handle_frames(viewer)

    async def _initialise(self) -> Viewer:
        """Authenticate the viewer of the connection and confirm it."""
        while not isinstance(frame := await self._receive(), ConnectionInit):
            if isinstance(frame, Subscribe):
                raise ProtocolViolated(NOT_INITIALISED, "Unauthorized")
            await self._answer_ping(frame)
        viewer = await authenticate_socket(self._contexts.authenticate, self._socket, frame.payload)
        if viewer.is_nobody:
            raise ProtocolViolated(FORBIDDEN, "Forbidden")
        await self._send_frame({"type": "connection_ack"})
        return viewer

    async def _handle_frames(self, viewer: Viewer) -> None:
        """Handle frames until the connection or its credentials end, and wait until all its operations have ended."""
        with self._contexts.watch(viewer) as revoked:
            async with open_task_group() as tasks:
                tasks.start_soon(self._close_when_revoked, viewer, revoked, tasks)
                try:
                    while True:
                        await self._handle(await self._receive(), viewer, tasks)
                except ProtocolViolated as violation:
                    await self._cancel_and_close(violation, tasks)

    async def _close_when_revoked(self, viewer: Viewer, revoked: anyio.Event, tasks: TaskGroup) -> None:
        """Close the connection when its credentials expire or are revoked.

        The code is 4403, after which graphql-ws connects again; after 4401 it does not.
        The operation that revoked them may be one of this connection; its result is sent first.
        """
        with anyio.move_on_after(_seconds_until(viewer.expires_at)):
            await revoked.wait()
            await anyio.sleep(REVOCATION_SECONDS)
        await self._cancel_and_close(
            ProtocolViolated(FORBIDDEN, "The credentials have expired or were revoked. Connect again."), tasks
        )

    async def _cancel_and_close(self, violation: ProtocolViolated, tasks: TaskGroup) -> None:
        tasks.cancel_scope.cancel()  # first: no result may be sent after the close frame
        with anyio.CancelScope(shield=True):
            await self._close(violation)

    async def _handle(self, frame: Frame, viewer: Viewer, tasks: TaskGroup) -> None:
        match frame:
            case ConnectionInit():
                raise ProtocolViolated(INITIALISED_TWICE, "Too many initialisation requests")
            case Subscribe(id=id, payload=payload):
                await self._subscribe(id, payload, viewer, tasks)
            case Complete(id=id):
                if id in self._running:
                    self._running.pop(id).cancel()
            case _:
                await self._answer_ping(frame)

    async def _answer_ping(self, frame: Frame) -> None:
        if isinstance(frame, Ping):
            await self._send_frame({"type": "pong"} | ({"payload": frame.payload} if frame.payload else {}))

    async def _subscribe(self, id: str, payload: object, viewer: Viewer, tasks: TaskGroup) -> None:
        if id in self._running:
            raise ProtocolViolated(ID_IN_USE, f"Subscriber for {id} already exists")
        limit = self._limits.max_subscriptions_per_connection
        try:
            request = read_request(payload)
        except RequestRejected as rejection:
            raise ProtocolViolated(INVALID_FRAME, str(rejection)) from None
        except OperationRejected as rejection:
            await self._send_errors(id, rejection.errors)
            return
        if len(self._running) >= limit:
            message = f"A connection must not have more than {limit} operations at a time. Complete another one first."
            await self._send_errors(id, [{"message": message, "extensions": {"code": ErrorCode.BUSY}}])
        else:
            scope = self._running[id] = anyio.CancelScope()
            tasks.start_soon(self._run_operation, id, request, viewer, scope)

    async def _run_operation(self, id: str, request: GraphQLRequest, viewer: Viewer, scope: anyio.CancelScope) -> None:
        """Send the results of an operation, then `complete` or `error`. After a cancellation, send nothing more."""
        with scope, suppress(WebSocketDisconnect):
            try:
                await self._send_results(id, request, viewer)
            except (OperationRejected, RequestRejected) as rejection:
                self._forget(id, scope)
                await self._send_errors(id, rejection.errors)
            else:
                self._forget(id, scope)
                await self._send_text(f'{{"type":"complete","id":{encode_text(id)}}}')

    def _forget(self, id: str, scope: anyio.CancelScope) -> None:
        """Release the id of an operation.

        Called before the end of the operation is sent, because the client may then use the id again at once.
        """
        if self._running.get(id) is scope:
            del self._running[id]

    async def _send_results(self, id: str, request: GraphQLRequest, viewer: Viewer) -> None:
        operation = self._operations.prepare(request, self._socket, viewer, self._exchange)
        if operation.kind is OperationType.SUBSCRIPTION:
            async with aclosing(self._operations.stream(operation)) as payloads:
                async for payload in payloads:
                    await self._send_next(id, payload)
        else:
            await self._send_next(id, encode_json(await self._operations.run(operation)).decode())

    async def _close(self, violation: ProtocolViolated) -> None:
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            await self._socket.close(violation.code, violation.reason)

    async def _send_next(self, id: str, payload: str) -> None:
        """Send one result. `payload` is encoded JSON, because the same result may be sent to many clients."""
        await self._send_text(f'{{"type":"next","id":{encode_text(id)},"payload":{payload}}}')

    async def _send_errors(self, id: str, errors: list[Formatted]) -> None:
        payload = encode_json(errors).decode()
        await self._send_text(f'{{"type":"error","id":{encode_text(id)},"payload":{payload}}}')

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

    async def _send_frame(self, frame: dict[str, Any]) -> None:
        await self._send_text(encode_json(frame).decode())

    async def _send_text(self, text: str) -> None:
        """Send a message; wait while the client does not read. A lock ensures that operations send one after the other."""
        async with self._sending:
            try:
                await self._socket.send({"type": "websocket.send", "text": text})
            except WebSocketDisconnected:  # the disconnection was already noticed when another operation sent a message
                raise WebSocketDisconnect(ABNORMAL) from None


def _seconds_until(moment: datetime | None) -> float | None:
    """Return the seconds until a time, or None for None."""
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())
