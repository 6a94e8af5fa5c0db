"""The parent's calls over one running child: each a numbered exchange that ends with a reply or an error."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, Protocol, TypeVar

import msgspec
import structlog

from workers import frames
from workers.channel import Channel, ChannelClosed
from workers.child import INTERNAL
from workers.errors import WorkerCallFailed
from workers.output import places

T = TypeVar("T", bound=msgspec.Struct)
E = TypeVar("E")
R = TypeVar("R", bound=msgspec.Struct)

log = structlog.stdlib.get_logger("graphlore.workers")


class Caller(Protocol):
    """What can be called: a worker, or during `prepare` the fresh process alone."""

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T: ...
    def stream(
        self, request: msgspec.Struct, event: type[E], reply: type[R]
    ) -> "AbstractAsyncContextManager[Stream[E, R]]": ...


class Exchange:
    """One call: the frames that arrived for it and were not taken yet. The child's credit bounds them."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.canceled_at: float | None = None
        self._arrived: deque[frames.Event | frames.Reply | frames.Failure] = deque()
        self._error: Callable[[], Exception] | None = None
        self._wake = asyncio.Event()

    def arrive(self, frame: frames.Event | frames.Reply | frames.Failure) -> None:
        if self.canceled_at is None:
            self._arrived.append(frame)
            self._wake.set()

    def break_off(self, error: Callable[[], Exception]) -> None:
        self._error = error
        self._wake.set()

    def cancel(self) -> None:
        self.canceled_at = asyncio.get_running_loop().time()
        self._arrived.clear()

    async def take(self) -> frames.Event | frames.Reply:
        """Give the next frame; raises what the child failed with or what broke the call off."""
        while not self._arrived:
            if self._error is not None:
                raise self._error()
            self._wake.clear()
            await self._wake.wait()
        frame = self._arrived.popleft()
        if isinstance(frame, frames.Failure):
            if frame.code == INTERNAL:
                log.warning("worker surprised", what=frame.message, where=places(frame.detail))
            raise WorkerCallFailed(frame.code, frame.message, frame.detail)
        return frame


class Stream(Generic[E, R]):
    """The events of one call, in order; `reply` is there once iteration has ended.

    `event` may be a union of structs. Iterating slowly makes the child wait (see `frames`).
    """

    def __init__(self, connection: "Connection", exchange: Exchange, event: type[E], reply: type[R]) -> None:
        self._connection = connection
        self._exchange = exchange
        self._event = msgspec.msgpack.Decoder(event)
        self._reply_type = reply
        self._reply: R | None = None
        self._taken = 0

    @property
    def reply(self) -> R:
        if self._reply is None:
            raise RuntimeError("The reply of a stream is known only after its last event.")
        return self._reply

    def __aiter__(self) -> "Stream[E, R]":
        return self

    async def __anext__(self) -> E:
        if self._reply is not None:
            raise StopAsyncIteration
        frame = await self._exchange.take()
        if isinstance(frame, frames.Reply):
            self._reply = msgspec.msgpack.decode(frame.body, type=self._reply_type)
            raise StopAsyncIteration
        self._give_credit(frames.event_size(frame.body))
        return self._event.decode(frame.body)

    def _give_credit(self, size: int) -> None:
        self._taken += size
        if self._taken >= frames.WINDOW // 4:
            self._connection.send(frames.Credit(self._exchange.id, self._taken))
            self._taken = 0


class Connection:
    """Calls over one child, as long as it lives. `on_answered` is told of each call that the child has ended."""

    def __init__(self, channel: Channel, on_answered: Callable[[], None] = lambda: None) -> None:
        self._channel = channel
        self._on_answered = on_answered
        self._exchanges: dict[int, Exchange] = {}
        self._broken: Callable[[], Exception] | None = None
        self.begun = 0
        self._quiet_since = asyncio.get_running_loop().time()
        self.greeted = asyncio.Event()
        self.heard = True
        "Whether anything arrived since this was last set to False."

    @property
    def in_flight(self) -> int:
        """Calls that the child is at work on, canceled ones that it has not ended too."""
        return len(self._exchanges)

    @property
    def quiet_seconds(self) -> float:
        """How long ago the last call ended; 0 while one is in flight."""
        return 0.0 if self._exchanges else asyncio.get_running_loop().time() - self._quiet_since

    def touch(self) -> None:
        """Count the quiet time from now."""
        self._quiet_since = asyncio.get_running_loop().time()

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T:
        """One request, one reply; events in between are passed over."""
        async with self.stream(request, msgspec.Raw, reply) as stream:
            async for _ in stream:
                pass
            return stream.reply

    @asynccontextmanager
    async def stream(self, request: msgspec.Struct, event: type[E], reply: type[R]) -> AsyncIterator[Stream[E, R]]:
        """A call with events. Leaving the block before the last one cancels the call in the child."""
        exchange = self._begin(request)
        try:
            await self._drain()
            yield Stream(self, exchange, event, reply)
        finally:
            if exchange.id in self._exchanges:
                exchange.cancel()
                self.send(frames.Cancel(exchange.id))

    def _begin(self, request: msgspec.Struct) -> Exchange:
        if self._broken is not None:
            raise self._broken()
        exchange = Exchange(self.begun + 1)
        self.send(frames.Request(exchange.id, frames.raw(request)))
        self.begun += 1
        self._exchanges[exchange.id] = exchange
        return exchange

    def send(self, frame: frames.ToChild) -> None:
        self._channel.send(frame)

    async def _drain(self) -> None:
        try:
            await self._channel.drain()
        except ChannelClosed:
            # The reading side learns of the end as well, and breaks this call off with its reason.
            return

    async def read(self) -> None:
        """Hand arriving frames to their exchanges until the child is gone."""
        while True:
            try:
                frame = await self._channel.receive()
            except ChannelClosed:
                return
            self.heard = True
            self._hand_over(frame)

    def _hand_over(self, frame: frames.ToParent) -> None:
        match frame:
            case frames.Greeting():
                self.greeted.set()
            case frames.Event(id=id):
                if id in self._exchanges:
                    self._exchanges[id].arrive(frame)
            case frames.Reply(id=id) | frames.Failure(id=id):
                if exchange := self._exchanges.pop(id, None):
                    exchange.arrive(frame)
                    self.touch()
                    self._on_answered()

    def break_off(self, error: Callable[[], Exception]) -> None:
        """End every call in flight with such an error, one each; later calls meet it at once."""
        self._broken = error
        for exchange in self._exchanges.values():
            exchange.break_off(error)
        self._exchanges.clear()

    def overdue_cancel(self, limit: float) -> bool:
        """Whether a canceled call has gone on for longer than `limit` seconds."""
        now = asyncio.get_running_loop().time()
        return any(e.canceled_at is not None and now - e.canceled_at > limit for e in self._exchanges.values())
