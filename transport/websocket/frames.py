"""The frames of the protocol graphql-transport-ws, validated when they arrive."""

from dataclasses import dataclass
from typing import Any

from transport.http.graphql_request import MAX_VALUE_DEPTH, is_deeper_than
from transport.json_codec import InvalidJSON, decode_json

PROTOCOL = "graphql-transport-ws"
MAX_ID = 256
"""Maximum length of the id of an operation in characters."""
MAX_REASON = 123
"""Maximum length of a close reason in bytes, set by the size of a WebSocket control frame (RFC 6455)."""

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
    """The client violated the protocol. The socket must be closed with `code` and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode("utf-8", "replace")[:MAX_REASON].decode(errors="ignore")


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
    """The start of an operation. `payload` is a decoded GraphQL request that has not been validated yet."""

    id: str
    payload: object


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Frame = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_frame(text: str) -> Frame:
    """Decode and validate a frame. Raises `ProtocolViolated` if it is invalid."""
    try:
        value = decode_json(text)
    except InvalidJSON:
        raise ProtocolViolated(INVALID_FRAME, "A message must be valid JSON.") from None
    if not isinstance(value, dict):
        raise ProtocolViolated(INVALID_FRAME, "A message must be a JSON object.")
    match value.get("type"):
        case "connection_init":
            return ConnectionInit(_payload(value) or {})
        case "ping":
            return Ping(_payload(value))
        case "pong":
            _payload(value)
            return Pong()
        case "subscribe":
            return Subscribe(_id(value), value.get("payload"))
        case "complete":
            return Complete(_id(value))
    raise ProtocolViolated(INVALID_FRAME, "The `type` of a message must be one that clients send.")


def _payload(value: dict[str, Any]) -> dict[str, Any] | None:
    payload = value.get("payload")
    if not isinstance(payload, dict | None):
        raise ProtocolViolated(INVALID_FRAME, "The `payload` of a message must be an object.")
    if payload and is_deeper_than(payload, MAX_VALUE_DEPTH):
        reason = f"The `payload` of a message must not be nested deeper than {MAX_VALUE_DEPTH} levels."
        raise ProtocolViolated(INVALID_FRAME, reason)
    return payload


def _id(value: dict[str, Any]) -> str:
    found = value.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise ProtocolViolated(INVALID_FRAME, f"The `id` of a message must be a string of 1 to {MAX_ID} characters.")
    return found
