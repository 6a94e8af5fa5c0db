"""The child's side: an I/O thread reads the socket, the program takes calls from it on the main thread.

The I/O thread answers pings, runs a call's `on_cancel` at once, hands out credit for events, and ends the process the
moment the socket closes: a child never outlives its parent. A program that serves one call at a time uses `serve`.
"""

import os
import queue
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec

from workers import frames

CANCELED = "CANCELED"
INTERNAL = "INTERNAL"
INVALID_REQUEST = "INVALID_REQUEST"


class CallFailure(Exception):
    """An expected failure of a call: `code` is the worker's own word, `message` is written for people."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class CallCanceled(CallFailure):
    """Raised by `Call.event` once nobody wants its events any more."""

    def __init__(self) -> None:
        super().__init__(CANCELED, "The call was canceled.")


class Call:
    """One request. Ends with exactly one `reply` or `fail`; later ones are dropped. All methods are thread-safe."""

    def __init__(self, link: "Link", id: int, request: Any) -> None:
        self._link = link
        self._id = id
        self._credit = frames.WINDOW
        self._changed = threading.Condition()
        self._canceled = False
        self._ended = False
        self._on_cancel: Callable[[], object] | None = None
        self.request = request

    @property
    def canceled(self) -> bool:
        return self._canceled

    @property
    def has_credit(self) -> bool:
        """Whether `event` would send at once; for a loop that serves several calls and must not wait for one."""
        return self._credit > 0

    @property
    def on_cancel(self) -> Callable[[], object] | None:
        """Run once in the I/O thread when the call is canceled; at once where it is canceled already."""
        return self._on_cancel

    @on_cancel.setter
    def on_cancel(self, action: Callable[[], object] | None) -> None:
        with self._changed:
            self._on_cancel = action
            late = self._canceled
        if late and action is not None:
            action()

    def event(self, body: msgspec.Struct) -> None:
        """Send an event; waits while the parent's consumer is behind by a window. Raises `CallCanceled`."""
        encoded = frames.raw(body)
        with self._changed:
            self._changed.wait_for(lambda: self._canceled or self._credit > 0)
            if self._canceled:
                raise CallCanceled
            self._credit -= frames.event_size(encoded)
        self._link.send(frames.Event(self._id, encoded))

    def overdraw(self) -> None:
        """Let what is left to say go out now, and the call end, though the parent's consumer is behind."""
        self.grant(frames.WINDOW)

    def reply(self, body: msgspec.Struct) -> None:
        self._end(frames.Reply(self._id, frames.raw(body)))

    def fail(self, code: str, message: str, detail: str = "") -> None:
        self._end(frames.Failure(self._id, code, message, detail))

    def _end(self, frame: frames.Reply | frames.Failure) -> None:
        with self._changed:
            if self._ended:
                return
            self._link.send(frame)
            self._ended = True
        self._link.forget(self._id)

    def grant(self, size: int) -> None:
        with self._changed:
            self._credit += size
            self._changed.notify_all()

    def cancel(self) -> None:
        with self._changed:
            self._canceled = True
            action = self._on_cancel
            self._changed.notify_all()
        if action is not None:
            action()


class Link:
    """The child's end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._gathered = threading.local()
        self._calls: dict[int, Call] = {}
        self._received: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._requests: msgspec.msgpack.Decoder[Any] | None = None
        self._greeted = False

    def receive(self, timeout: float | None = None) -> Call | None:
        """Give the next call, or None after `timeout` seconds; calls canceled before they began are passed over.

        The first time tells the parent that the program is ready; it lets no call in before.
        """
        if not self._greeted:
            self._greeted = True
            self.send(frames.Greeting())
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                call = self._received.get(timeout=left)
            except queue.Empty:
                return None
            if not call.canceled:
                return call
            call.fail(CANCELED, "The call was canceled before it began.")

    def send(self, frame: frames.ToParent) -> None:
        """Send from any thread. Raises `FrameTooLarge`."""
        encoded = frames.encode(frame)
        gathered: bytearray | None = getattr(self._gathered, "frames", None)
        if gathered is None:
            self._send(encoded)
        else:
            gathered += encoded

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What this thread sends inside the block goes out at its end, all at once. Not to be nested."""
        self._gathered.frames = gathered = bytearray()
        try:
            yield
        finally:
            self._gathered.frames = None
            if gathered:
                self._send(gathered)

    def _send(self, encoded: bytes | bytearray) -> None:
        with self._sending:
            try:
                self._connection.sendall(encoded)
            except OSError:
                leave()

    def forget(self, id: int) -> None:
        self._calls.pop(id, None)

    def read_start(self) -> frames.Start:
        """Read the first frame of all; to be called before `start_reading`."""
        frame = msgspec.msgpack.decode(self._read_frame(), type=frames.ToChild)
        if not isinstance(frame, frames.Start):
            raise RuntimeError("The parent's first frame must be Start.")
        return frame

    def start_reading(self) -> None:
        threading.Thread(target=self._read, name="worker link", daemon=True).start()

    def expect(self, request_type: Any) -> None:
        """Say of what type the program's requests are."""
        self._requests = msgspec.msgpack.Decoder(request_type)

    def _read(self) -> None:
        decoder = msgspec.msgpack.Decoder(frames.ToChild)
        try:
            while True:
                self._take(decoder.decode(self._read_frame()))
        finally:
            # Reached by an error of an `on_cancel` or of a frame alone: without this thread the child is deaf.
            traceback.print_exc()
            leave(1)

    def _take(self, frame: frames.ToChild) -> None:
        match frame:
            case frames.Ping():
                self.send(frames.Pong())
            case frames.Request(id=id, body=body):
                self._take_request(id, body)
            case frames.Cancel(id=id):
                if call := self._calls.get(id):
                    call.cancel()
            case frames.Credit(id=id, size=size):
                if call := self._calls.get(id):
                    call.grant(size)

    def _take_request(self, id: int, body: msgspec.Raw) -> None:
        assert self._requests is not None
        try:
            request = self._requests.decode(body)
        except msgspec.ValidationError as error:
            self.send(frames.Failure(id, INVALID_REQUEST, "The worker does not know this request.", str(error)))
            return
        call = self._calls[id] = Call(self, id, request)
        self._received.put(call)

    def _read_frame(self) -> bytes:
        size = int.from_bytes(self._read_exactly(frames.PREFIX), "big")
        frames.check_size(size)
        return self._read_exactly(size)

    def _read_exactly(self, size: int) -> bytes:
        read = bytearray(size)
        rest = memoryview(read)
        while rest:
            try:
                count = self._connection.recv_into(rest)
            except OSError:
                count = 0
            if not count:
                leave()
            rest = rest[count:]
        return bytes(read)


def serve(link: Link, handle: Callable[[Call], msgspec.Struct]) -> NoReturn:
    """Serve calls one after the other, for ever: what `handle` gives is the reply.

    A `CallFailure` becomes the call's failure; anything else INTERNAL, with its traceback for the parent's log.
    """
    while True:
        call = link.receive()
        assert call is not None
        try:
            call.reply(handle(call))
        except CallFailure as failure:
            call.fail(failure.code, failure.message, failure.detail)
        except Exception as error:  # noqa: BLE001  # the boundary of the process: one bad call must not end it
            call.fail(INTERNAL, f"The worker met an unexpected {type(error).__name__}.", traceback.format_exc())


def leave(status: int = 0) -> NoReturn:
    """End the process from any thread, without the interpreter's farewell, which could hang in a native library."""
    os._exit(status)
