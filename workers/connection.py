"""The parent's calls to one running child. Each call has a number and ends with a reply or an error."""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, Protocol, TypeVar

import anyio
import msgspec
import structlog

from concurrency import Signal
from workers import frames
from workers.channel import Channel, ChannelClosed
from workers.child import INTERNAL
from workers.crash_output import error_locations
from workers.errors import WorkerCallFailed

T = TypeVar("T", bound=msgspec.Struct)
E = TypeVar("E")
R = TypeVar("R", bound=msgspec.Struct)

ChildFrame = frames.Event | frames.Reply | frames.Failure

log = structlog.stdlib.get_logger("graphlore.workers")


class Caller(Protocol):
    """Interface for calls. It is implemented by `Worker`, and by the `Connection` that `WorkerSpec.prepare` receives."""

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T: ...
    def stream(
        self, request: msgspec.Struct, event: type[E], reply: type[R]
    ) -> "AbstractAsyncContextManager[CallStream[E, R]]": ...


class PendingCall:
    """A call in flight, with the received frames that its caller has not read yet. The child's credit limits their size."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.canceled_at: float | None = None
        self._received: deque[ChildFrame] = deque()
        self._error: Callable[[], Exception] | None = None
        self._changed = Signal()

    def deliver(self, frame: ChildFrame) -> None:
        """Append a received frame. A frame of a canceled call is dropped."""
        if self.canceled_at is None:
            self._received.append(frame)
            self._changed.set()

    def fail(self, error: Callable[[], Exception]) -> None:
        """Fail the call: after the frames received so far, `next_frame` raises the exception that `error` creates."""
        self._error = error
        self._changed.set()

    def cancel(self) -> None:
        self.canceled_at = time.monotonic()
        self._received.clear()

    async def next_frame(self) -> frames.Event | frames.Reply:
        """Return the next frame.

        Raises `WorkerCallFailed` if the child reports a failure, and the exception of `fail` if no frames are left.
        """
        while not self._received:
            if self._error is not None:
                raise self._error()
            self._changed.clear()
            await self._changed.wait()
        frame = self._received.popleft()
        if isinstance(frame, frames.Failure):
            if frame.code == INTERNAL:
                log.warning("unexpected error in worker", error=frame.message, where=error_locations(frame.detail))
            raise WorkerCallFailed(frame.code, frame.message, frame.detail)
        return frame


class CallStream(Generic[E, R]):
    """The events of one call, in order. `reply` is available after the last event.

    `event` may be a union of structs. If the events are read slowly, the child waits (see `frames`).
    """

    def __init__(self, connection: "Connection", pending: PendingCall, event: type[E], reply: type[R]) -> None:
        self._connection = connection
        self._pending = pending
        self._event = msgspec.msgpack.Decoder(event)
        self._reply_type = reply
        self._reply: R | None = None
        self._consumed_bytes = 0

    @property
    def reply(self) -> R:
        """The reply of the call. Raises `RuntimeError` until the last event has been read."""
        if self._reply is None:
            raise RuntimeError("The reply of a stream is available only after its last event.")
        return self._reply

    def __aiter__(self) -> "CallStream[E, R]":
        return self

    async def __anext__(self) -> E:
        if self._reply is not None:
            raise StopAsyncIteration
        frame = await self._pending.next_frame()
        if isinstance(frame, frames.Reply):
            self._reply = msgspec.msgpack.decode(frame.body, type=self._reply_type)
            raise StopAsyncIteration
        self._return_credit(frames.event_size(frame.body))
        return self._event.decode(frame.body)

    def _return_credit(self, size: int) -> None:
        self._consumed_bytes += size
        if self._consumed_bytes >= frames.WINDOW // 4:
            self._connection.send(frames.Credit(self._pending.id, self._consumed_bytes))
            self._consumed_bytes = 0


class Connection:
    """Calls to one child process. `on_answered` is called whenever the child has ended a call."""

    def __init__(self, channel: Channel, on_answered: Callable[[], None] = lambda: None) -> None:
        self._channel = channel
        self._on_answered = on_answered
        self._pending: dict[int, PendingCall] = {}
        self._broken: Callable[[], Exception] | None = None
        self._idle_since = time.monotonic()
        self.calls_begun = 0
        self.ready = anyio.Event()
        "Set when the child accepts calls."
        self.received_since_ping = True
        "Set to True by every received frame; the heartbeat sets it to False."

    @property
    def in_flight(self) -> int:
        """Number of calls that the child has not ended, including canceled ones."""
        return len(self._pending)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last call ended; 0 while a call is in flight."""
        return 0.0 if self._pending else time.monotonic() - self._idle_since

    def restart_idle_time(self) -> None:
        self._idle_since = time.monotonic()

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T:
        """Send a request and return its reply; events are discarded."""
        async with self.stream(request, msgspec.Raw, reply) as stream:
            async for _ in stream:
                pass
            return stream.reply

    @asynccontextmanager
    async def stream(self, request: msgspec.Struct, event: type[E], reply: type[R]) -> AsyncIterator[CallStream[E, R]]:
        """Send a request and stream its events. Leaving the block before the reply cancels the call in the child."""
        pending = self._begin(request)
        try:
            await self._drain()
            yield CallStream(self, pending, event, reply)
        finally:
            if pending.id in self._pending:
                pending.cancel()
                self.send(frames.Cancel(pending.id))

    def _begin(self, request: msgspec.Struct) -> PendingCall:
        if self._broken is not None:
            raise self._broken()
        pending = PendingCall(self.calls_begun + 1)
        self.send(frames.Request(pending.id, frames.raw(request)))
        self.calls_begun += 1
        self._pending[pending.id] = pending
        return pending

    def send(self, frame: frames.ToChild) -> None:
        self._channel.send(frame)

    async def _drain(self) -> None:
        try:
            await self._channel.drain()
        except ChannelClosed:
            # `read` notices the end of the stream, too, and fails this call with the reason of the crash.
            return

    async def read(self) -> None:
        """Deliver received frames to their calls until the child closes the channel."""
        while True:
            try:
                frame = await self._channel.receive()
            except ChannelClosed:
                return
            self.received_since_ping = True
            self._dispatch(frame)

    def _dispatch(self, frame: frames.ToParent) -> None:
        match frame:
            case frames.Ready():
                self.ready.set()
            case frames.Event(id=id):
                if id in self._pending:
                    self._pending[id].deliver(frame)
            case frames.Reply(id=id) | frames.Failure(id=id):
                if pending := self._pending.pop(id, None):
                    pending.deliver(frame)
                    self.restart_idle_time()
                    self._on_answered()

    def fail_all(self, error: Callable[[], Exception]) -> None:
        """Fail every call in flight and every later call. `error` creates a new exception for each call."""
        self._broken = error
        for pending in self._pending.values():
            pending.fail(error)
        self._pending.clear()

    def has_overdue_cancellation(self, limit: float) -> bool:
        """Return whether a call has not ended within `limit` seconds after its cancellation."""
        now = time.monotonic()
        return any(
            pending.canceled_at is not None and now - pending.canceled_at > limit for pending in self._pending.values()
        )
