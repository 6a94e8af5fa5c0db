"""The frames of graphql-transport-ws, their shapes checked as they come in."""

from dataclasses import dataclass
from typing import Any

import orjson

from transport.http.requests import DEEPEST_VALUE, GraphQLRequest, deeper_than, read_request
from transport.security.refusals import RequestRefused

PROTOCOL = "graphql-transport-ws"
LONGEST_ID = 256
LONGEST_REASON = 123
"""Bytes: what a control frame of WebSocket has room for beside the code."""

ABNORMAL = 1006
TOO_BIG = 1009
INVALID_FRAME = 4400
NOT_INITIALISED = 4401
FORBIDDEN = 4403
WRONG_PROTOCOL = 4406
INITIALISED_LATE = 4408
ID_IN_USE = 4409
INITIALISED_TWICE = 4429


class ProtocolViolated(Exception):
    """The socket must be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Frame = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_frame(text: str) -> Frame:
    """Raises `ProtocolViolated` for whatever a client must not send."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ProtocolViolated(INVALID_FRAME, "A message must be JSON.") from None
    if not isinstance(value, dict):
        raise ProtocolViolated(INVALID_FRAME, "A message must be an object.")
    match value.get("type"):
        case "connection_init":
            return ConnectionInit(_payload(value) or {})
        case "ping":
            return Ping(_payload(value))
        case "pong":
            _payload(value)
            return Pong()
        case "subscribe":
            return Subscribe(_id(value), _request(value))
        case "complete":
            return Complete(_id(value))
    raise ProtocolViolated(INVALID_FRAME, "A message's `type` is not one that clients send.")


def _payload(value: dict[str, Any]) -> dict[str, Any] | None:
    payload = value.get("payload")
    if not isinstance(payload, dict | None):
        raise ProtocolViolated(INVALID_FRAME, "A message's `payload` must be an object.")
    if payload and deeper_than(payload, DEEPEST_VALUE):
        raise ProtocolViolated(INVALID_FRAME, f"A message's `payload` is nested deeper than {DEEPEST_VALUE} levels.")
    return payload


def _id(value: dict[str, Any]) -> str:
    found = value.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise ProtocolViolated(INVALID_FRAME, f"A message's `id` must be a string of 1 to {LONGEST_ID} characters.")
    return found


def _request(value: dict[str, Any]) -> GraphQLRequest:
    try:
        return read_request(value.get("payload"))
    except RequestRefused as refusal:
        raise ProtocolViolated(INVALID_FRAME, str(refusal)) from None
