"""The wire between parent and child: msgpack structs, each behind its length in four big-endian bytes.

Bodies travel as raw msgpack inside the frame, so that this room needs not know the workers' own types. Flow control is
by credit: of one call, a child sends events of at most `WINDOW` bytes that the parent's consumer has not taken yet, and
then waits; so a stream that nobody reads never piles up in the parent.
"""

import msgspec

MAX_FRAME = 64 * 1024 * 1024
"Bytes of one frame, length prefix aside; a larger one is refused where it is made."

WINDOW = 1024 * 1024
"Bytes of events that one call may have on the way."

EVENT_OVERHEAD = 64
"Counted to each event beside its body, so that empty ones are bounded too."

PREFIX = 4


class Start(msgspec.Struct, tag="start", frozen=True):
    """The first frame of all, from the parent."""

    body: msgspec.Raw
    parent_pid: int
    idle_priority: bool
    address_space_bytes: int | None


class Request(msgspec.Struct, tag="request", frozen=True):
    id: int
    body: msgspec.Raw


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    id: int


class Credit(msgspec.Struct, tag="credit", frozen=True):
    id: int
    size: int


class Ping(msgspec.Struct, tag="ping", frozen=True):
    pass


class Pong(msgspec.Struct, tag="pong", frozen=True):
    pass


class Greeting(msgspec.Struct, tag="greeting", frozen=True):
    """The child's first own frame: its program is ready and waits for calls."""


class Event(msgspec.Struct, tag="event", frozen=True):
    id: int
    body: msgspec.Raw


class Reply(msgspec.Struct, tag="reply", frozen=True):
    id: int
    body: msgspec.Raw


class Failure(msgspec.Struct, tag="failure", frozen=True):
    id: int
    code: str
    message: str
    detail: str = ""


ToChild = Start | Request | Cancel | Credit | Ping
ToParent = Greeting | Pong | Event | Reply | Failure


class FrameTooLarge(ValueError):
    def __init__(self, size: int) -> None:
        super().__init__(f"A frame of {size} bytes is above the limit of {MAX_FRAME}.")


def encode(frame: ToChild | ToParent) -> bytes:
    """Give the frame with its prefix; raises `FrameTooLarge`."""
    body = msgspec.msgpack.encode(frame)
    check_size(len(body))
    return len(body).to_bytes(PREFIX, "big") + body


def raw(body: msgspec.Struct) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(body))


def check_size(size: int) -> None:
    if size > MAX_FRAME:
        raise FrameTooLarge(size)


def event_size(body: msgspec.Raw) -> int:
    """What an event takes of its call's credit."""
    return len(memoryview(body)) + EVENT_OVERHEAD
