"""The child's side of a worker: an I/O thread reads the socket and passes calls to the program on the main thread.

The I/O thread answers pings, runs the `on_cancel` action of a canceled call at once, and applies the credit for events that
the parent grants. It ends the process as soon as the socket closes, so that a child never outlives its parent. A program
that handles one call at a time uses `serve`.
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
    """An expected failure of a call. `code` is defined by the worker; `message` is written for users."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class CallCanceled(CallFailure):
    """The parent canceled the call. `Call.event` raises it."""

    def __init__(self) -> None:
        super().__init__(CANCELED, "The call was canceled.")


class Call:
    """A request of the parent. The first `reply` or `fail` ends it; later ones are ignored. All methods are thread-safe."""

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
        """True if `event` would send without waiting.

        A loop that serves several calls checks this, because it must not wait for one of them.
        """
        return self._credit > 0

    @property
    def on_cancel(self) -> Callable[[], object] | None:
        """An action that the I/O thread runs once, when the call is canceled.

        If the action is set after the cancellation, it runs at once in the thread that sets it.
        """
        return self._on_cancel

    @on_cancel.setter
    def on_cancel(self, action: Callable[[], object] | None) -> None:
        with self._changed:
            self._on_cancel = action
            was_canceled = self._canceled
        if was_canceled and action is not None:
            action()

    def event(self, body: msgspec.Struct) -> None:
        """Send an event. Wait while the parent's consumer has not read `frames.WINDOW` bytes of earlier events.

        Raises `CallCanceled` if the call was canceled.
        """
        encoded = frames.raw(body)
        with self._changed:
            self._changed.wait_for(lambda: self._canceled or self._credit > 0)
            if self._canceled:
                raise CallCanceled
            self._credit -= frames.event_size(encoded)
        self._link.send(frames.Event(self._id, encoded))

    def allow_last_events(self) -> None:
        """Allow a further `frames.WINDOW` bytes of events, so that a slow consumer does not delay the end of the call."""
        self.grant(frames.WINDOW)

    def reply(self, body: msgspec.Struct) -> None:
        """End the call with a reply."""
        self._end(frames.Reply(self._id, frames.raw(body)))

    def fail(self, code: str, message: str, detail: str = "") -> None:
        """End the call with a failure."""
        self._end(frames.Failure(self._id, code, message, detail))

    def _end(self, frame: frames.Reply | frames.Failure) -> None:
        with self._changed:
            if self._ended:
                return
            self._link.send(frame)
            self._ended = True
        self._link.forget(self._id)

    def grant(self, size: int) -> None:
        """Allow events of `size` further bytes."""
        with self._changed:
            self._credit += size
            self._changed.notify_all()

    def cancel(self) -> None:
        """Mark the call as canceled and run `on_cancel`."""
        with self._changed:
            self._canceled = True
            action = self._on_cancel
            self._changed.notify_all()
        if action is not None:
            action()


class Link:
    """The child's end of the socketpair."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._batch = threading.local()
        self._calls: dict[int, Call] = {}
        self._received: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._requests: msgspec.msgpack.Decoder[Any] | None = None
        self._is_ready = False

    def receive(self, timeout: float | None = None) -> Call | None:
        """Return the next call, or None after `timeout` seconds. Calls that are canceled already are skipped.

        The first invocation reports to the parent that the program is ready. The parent sends no call before that.
        """
        if not self._is_ready:
            self._is_ready = True
            self.send(frames.Ready())
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
        """Send a frame from any thread. Raises `FrameTooLarge` above `frames.MAX_FRAME`."""
        encoded = frames.encode(frame)
        batch: bytearray | None = getattr(self._batch, "frames", None)
        if batch is None:
            self._send(encoded)
        else:
            batch += encoded

    @contextmanager
    def batched_sends(self) -> Iterator[None]:
        """Collect the frames that this thread sends inside the block and send them together at its end. Not reentrant."""
        self._batch.frames = batch = bytearray()
        try:
            yield
        finally:
            self._batch.frames = None
            if batch:
                self._send(batch)

    def _send(self, encoded: bytes | bytearray) -> None:
        with self._sending:
            try:
                self._connection.sendall(encoded)
            except OSError:
                exit_process()

    def forget(self, id: int) -> None:
        """Remove an ended call."""
        self._calls.pop(id, None)

    def read_start(self) -> frames.Start:
        """Read the first frame. Must be called before `start_reading`."""
        frame = msgspec.msgpack.decode(self._read_frame(), type=frames.ToChild)
        if not isinstance(frame, frames.Start):
            raise RuntimeError("The parent's first frame must be Start.")
        return frame

    def start_reading(self) -> None:
        """Start the I/O thread."""
        threading.Thread(target=self._read, name="worker link", daemon=True).start()

    def set_request_type(self, request_type: Any) -> None:
        """Set the type of the program's requests. Must be called before the first `receive`."""
        self._requests = msgspec.msgpack.Decoder(request_type)

    def _read(self) -> None:
        decoder = msgspec.msgpack.Decoder(frames.ToChild)
        try:
            while True:
                self._handle(decoder.decode(self._read_frame()))
        finally:
            # Reached only if an `on_cancel` action raises or a frame is invalid. Without this thread no request is read.
            traceback.print_exc()
            exit_process(1)

    def _handle(self, frame: frames.ToChild) -> None:
        match frame:
            case frames.Ping():
                self.send(frames.Pong())
            case frames.Request(id=id, body=body):
                self._enqueue_request(id, body)
            case frames.Cancel(id=id):
                if call := self._calls.get(id):
                    call.cancel()
            case frames.Credit(id=id, size=size):
                if call := self._calls.get(id):
                    call.grant(size)

    def _enqueue_request(self, id: int, body: msgspec.Raw) -> None:
        assert self._requests is not None
        try:
            request = self._requests.decode(body)
        except msgspec.ValidationError as error:
            self.send(frames.Failure(id, INVALID_REQUEST, "The worker does not support this request.", str(error)))
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
                exit_process()
            rest = rest[count:]
        return bytes(read)


def serve(link: Link, handle: Callable[[Call], msgspec.Struct]) -> NoReturn:
    """Handle calls one after the other, forever; the return value of `handle` is the reply.

    A `CallFailure` becomes the failure of the call. Any other exception becomes INTERNAL, with its traceback in `detail`.
    """
    while True:
        call = link.receive()
        assert call is not None
        try:
            call.reply(handle(call))
        except CallFailure as failure:
            call.fail(failure.code, failure.message, failure.detail)
        except Exception as error:  # noqa: BLE001  # the boundary of the process: one failed call must not end it
            call.fail(INTERNAL, f"An unexpected {type(error).__name__} occurred in the worker.", traceback.format_exc())


def exit_process(status: int = 0) -> NoReturn:
    """End the process at once, from any thread, without the interpreter's shutdown: it can hang in native code."""
    os._exit(status)
