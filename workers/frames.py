"""The wire format between parent and child: msgpack structs, each preceded by its length in four big-endian bytes.

The body of a frame is raw msgpack, so that this package does not depend on the workers' types of messages. Flow control
works by credit: for each call, the child sends at most `WINDOW` bytes of events that the parent's consumer has not read
yet, and then waits. If a consumer stops reading, at most this much is stored in the parent.
"""

import msgspec

MAX_FRAME = 64 * 1024 * 1024
"Maximum size of a frame in bytes, without the length prefix; the sender rejects a larger one."

WINDOW = 1024 * 1024
"Maximum size, in bytes, of the events of one call that the parent has not read yet."

EVENT_OVERHEAD = 64
"Bytes by which each event reduces the credit in addition to its body, so that empty events are limited, too."

PREFIX = 4
"Size of the length prefix in bytes."


class Start(msgspec.Struct, tag="start", frozen=True):
    """The first frame, sent by the parent."""

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


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The first frame that the child sends: its program is initialized and accepts calls."""


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
ToParent = Ready | Pong | Event | Reply | Failure


class FrameTooLarge(ValueError):
    """A frame exceeds `MAX_FRAME`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"A frame of {size} bytes exceeds the limit of {MAX_FRAME} bytes.")


def encode(frame: ToChild | ToParent) -> bytes:
    """Return the frame with its length prefix. Raises `FrameTooLarge` above `MAX_FRAME`."""
    body = msgspec.msgpack.encode(frame)
    check_size(len(body))
    return len(body).to_bytes(PREFIX, "big") + body


def raw(body: msgspec.Struct) -> msgspec.Raw:
    """Encode the body of a frame."""
    return msgspec.Raw(msgspec.msgpack.encode(body))


def check_size(size: int) -> None:
    """Raise `FrameTooLarge` if a frame of `size` bytes is not allowed."""
    if size > MAX_FRAME:
        raise FrameTooLarge(size)


def event_size(body: msgspec.Raw) -> int:
    """Return the number of bytes by which an event with this body reduces the credit."""
    return len(memoryview(body)) + EVENT_OVERHEAD
