"""A worker program for tests: it answers calls, and on request it crashes, hangs or ignores a cancellation."""

import ctypes
import os
import signal
import threading
import time

import msgspec

from workers.child import Call, CallCanceled, CallFailure, Link, serve


class Start(msgspec.Struct):
    greeting: str = "hello"
    crash_unless: str | None = None
    "Path of a file; while it does not exist, the program exits before it accepts calls."


class Echo(msgspec.Struct, tag=True):
    text: str


class Describe(msgspec.Struct, tag=True):
    pass


class Count(msgspec.Struct, tag=True):
    """Requests `events` events of `size` bytes each."""

    events: int
    size: int = 1


class Sleep(msgspec.Struct, tag=True):
    """Requests one event. Then the call waits for its cancellation, or forever if it ignores the cancellation."""

    ignores_cancellation: bool = False


class Fail(msgspec.Struct, tag=True):
    expected: bool


class Crash(msgspec.Struct, tag=True):
    how: str
    "One of exit, abort, segfault, kill and stop."
    printing: str = ""
    "Text that is printed before the crash."


class Raise(msgspec.Struct, tag=True):
    """Requests an unexpected exception that quotes a text, as the exception of a parser may."""

    text: str


class Allocate(msgspec.Struct, tag=True):
    size: int


Request = Echo | Describe | Count | Sleep | Fail | Crash | Raise | Allocate


class Text(msgspec.Struct):
    text: str


class Described(msgspec.Struct):
    pid: int
    greeting: str
    scheduler: int
    niceness: int
    directory: str
    sent: int
    cancellations: int


class Numbered(msgspec.Struct):
    index: int
    payload: bytes


class Program:
    def __init__(self, start: Start) -> None:
        self.start = start
        self.sent = 0
        self.cancellations = 0

    def handle(self, call: Call) -> msgspec.Struct:
        match call.request:
            case Echo(text=text):
                return Text(text)
            case Describe():
                return self.describe()
            case Count(events=events, size=size):
                return self.count(call, events, size)
            case Sleep(ignores_cancellation=ignores_cancellation):
                return self.sleep(call, ignores_cancellation)
            case Fail(expected=True):
                raise CallFailure("TOO_ODD", "The number is odd.")
            case Crash(how=how, printing=printing):
                print(printing)  # noqa: T201
                return crash(how)
            case Raise(text=text):
                raise KeyError(text)
            case Allocate(size=size):
                return Text(str(len(bytearray(size))))
        raise ValueError("unexpected")

    def describe(self) -> Described:
        return Described(
            pid=os.getpid(),
            greeting=self.start.greeting,
            scheduler=os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else 0,
            niceness=os.nice(0),
            directory=os.getcwd(),
            sent=self.sent,
            cancellations=self.cancellations,
        )

    def count(self, call: Call, events: int, size: int) -> Text:
        self.sent = 0
        for index in range(events):
            call.event(Numbered(index, bytes(size)))
            self.sent += 1
        return Text(str(events))

    def sleep(self, call: Call, ignores_cancellation: bool) -> Text:
        canceled = threading.Event()
        call.event(Numbered(0, b""))
        if not ignores_cancellation:
            call.on_cancel = canceled.set
        canceled.wait()
        self.cancellations += 1
        raise CallCanceled


def crash(how: str) -> Text:
    print(f"about to {how}")  # noqa: T201
    match how:
        case "exit":
            os._exit(3)
        case "abort":
            os.abort()
        case "segfault":
            ctypes.string_at(0)
        case "kill" | "stop":
            os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGSTOP)
    time.sleep(3600)
    return Text(how)


def run(link: Link, start: Start) -> None:
    if start.crash_unless and not os.path.exists(start.crash_unless):
        raise SystemExit(7)
    serve(link, Program(start).handle)
