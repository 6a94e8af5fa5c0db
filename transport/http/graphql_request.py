"""GraphQL requests: decoded from a body or a URL, and checked for the types of their fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transport.errors import PersistedQueryNotSupported, RequestRejected
from transport.json_codec import InvalidJSON, decode_json

MAX_VALUE_DEPTH = 64
"""Maximum nesting of variables and extensions. Deeper values can be decoded, but may not be encodable again."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


def read_json(body: bytes | bytearray | str, subject: str) -> Any:
    """Decode JSON. If it is invalid, raise `RequestRejected` with a message that begins with `subject`."""
    try:
        return decode_json(body)
    except InvalidJSON:
        raise RequestRejected(f"{subject} is not valid JSON.") from None


def read_request(value: object) -> GraphQLRequest:
    """Convert a decoded body, WebSocket payload or query string to a request.

    Raises `RequestRejected` if it is invalid, and `PersistedQueryNotSupported` if it contains the hash of a persisted query
    instead of a query.
    """
    if isinstance(value, list):
        raise RequestRejected("Batched requests are not supported. Send each operation in a request of its own.")
    if not isinstance(value, dict):
        raise RequestRejected("A GraphQL request must be a JSON object with the field `query`.")
    extensions = _object(value, "extensions")
    query = value.get("query")
    if not query and isinstance((extensions or {}).get("persistedQuery"), dict):
        raise PersistedQueryNotSupported
    if not isinstance(query, str):
        raise RequestRejected("`query` must be a string with a GraphQL document.")
    operation_name = value.get("operationName")
    if not isinstance(operation_name, str | None):
        raise RequestRejected("`operationName` must be a string.")
    return GraphQLRequest(query, _object(value, "variables"), operation_name or None, extensions)


def read_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """Convert the parameters of a URL to a request. `variables` and `extensions` are decoded from JSON.

    Raises what `read_request` raises.
    """
    value: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in value:
            value[name] = read_json(value[name], f"`{name}`")
    return read_request(value)


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = value.get(name)
    if not isinstance(found, dict | None):
        raise RequestRejected(f"`{name}` must be an object.")
    if found and is_deeper_than(found, MAX_VALUE_DEPTH):
        raise RequestRejected(f"`{name}` must not be nested deeper than {MAX_VALUE_DEPTH} levels.")
    return found


def is_deeper_than(value: object, limit: int) -> bool:
    """Return whether a decoded value has more than `limit` levels of objects and lists. Not recursive."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _containers_in(outer)]
        if not level:
            return False
    return True


def _containers_in(value: object) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict | list)]
