"""A GraphQL request, its shape checked before anything looks inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from transport.security.refusals import RequestRefused

DEEPEST_VALUE = 64
"""Nesting of values in variables; what is deeper could be stored, and then not be written out again."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


def read_json(body: bytes | bytearray | str, what: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestRefused(f"{what} is not JSON.") from None


def read_request(value: object) -> GraphQLRequest:
    """The request that a decoded body, payload or query string makes. Raises `RequestRefused`."""
    if isinstance(value, list):
        raise RequestRefused("Batches are not taken: send one operation a request.")
    if not isinstance(value, dict):
        raise RequestRefused("A GraphQL request is a JSON object with `query`.")
    query = value.get("query")
    if not isinstance(query, str):
        raise RequestRefused("`query` must be a string that holds a GraphQL document.")
    operation_name = value.get("operationName")
    if not isinstance(operation_name, str | None):
        raise RequestRefused("`operationName` must be a string.")
    return GraphQLRequest(query, _object(value, "variables"), operation_name or None, _object(value, "extensions"))


def read_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """A request from a URL's parameters, where objects are written as JSON."""
    value: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in value:
            value[name] = read_json(value[name], f"`{name}`")
    return read_request(value)


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = value.get(name)
    if not isinstance(found, dict | None):
        raise RequestRefused(f"`{name}` must be an object.")
    if found and deeper_than(found, DEEPEST_VALUE):
        raise RequestRefused(f"`{name}` is nested deeper than {DEEPEST_VALUE} levels.")
    return found


def deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[Any]:
    """What a container holds that may hold more."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict | list)]
