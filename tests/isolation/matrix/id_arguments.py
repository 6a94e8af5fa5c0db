"""The id arguments of the schema, and an operation for each: an id in one argument, valid values in the others."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from schema.build import build_schema
from tests.isolation.matrix.rules import FOUND, NOTHING, OTHER_ARGUMENTS, REJECTED, Object

SCHEMA = build_schema()._schema


@dataclass(frozen=True)
class IdArgument:
    """An id in the arguments of a root field. `path` consists of the argument and the fields of nested inputs."""

    operation: str
    field: str
    path: tuple[str, ...]
    is_list: bool

    @property
    def name(self) -> str:
        return ".".join((self.field, *self.path))

    def variables(self, global_id: str, resolve: Callable[[Object], str]) -> dict[str, Any]:
        """Return the variables with an id in the argument. `resolve` returns the id of an object in another argument."""
        variables: dict[str, Any] = _resolved(OTHER_ARGUMENTS.get(self.field, {}), resolve)
        inner = variables
        for part in self.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[self.path[-1]] = [global_id] if self.is_list else global_id
        return variables

    def document(self) -> str:
        field = _root(self.operation).fields[self.field]
        used = {self.path[0], *OTHER_ARGUMENTS.get(self.field, ())}
        declared = ", ".join(f"${name}: {field.args[name].type}" for name in sorted(used))
        passed = ", ".join(f"{name}: ${name}" for name in sorted(used))
        return f"{self.operation} ({declared}) {{ {self.field}({passed}) {_selection(field)} }}"


def _resolved(value: Any, resolve: Callable[[Object], str]) -> Any:
    if isinstance(value, Object):
        return resolve(value)
    if isinstance(value, dict):
        return {name: _resolved(each, resolve) for name, each in value.items()}
    return [_resolved(each, resolve) for each in value] if isinstance(value, list) else deepcopy(value)


def _root(operation: str) -> GraphQLObjectType:
    root = {"query": SCHEMA.query_type, "mutation": SCHEMA.mutation_type, "subscription": SCHEMA.subscription_type}
    found = root[operation]
    assert found is not None
    return found


def _selection(field: GraphQLField) -> str:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLUnionType):
        members = {member.name for member in named.types}
        missing = "... on NotFoundError { missingId }" if "NotFoundError" in members else ""
        hits = "... on SearchResults { hits { document { id } } }" if "SearchResults" in members else ""
        return f"{{ __typename ... on Error {{ code message path }} {missing} {hits} }}"
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    parts = ["__typename", *(name for name in ("id", "change", "totalCount") if name in named.fields)]
    if "nodes" in named.fields:
        parts.append("nodes { id }")
    return f"{{ {' '.join(parts)} }}"


def id_arguments() -> list[IdArgument]:
    """Return every id argument of the schema."""
    return [
        IdArgument(operation, name, (argument, *path), is_list)
        for operation in ("query", "mutation", "subscription")
        for name, field in _root(operation).fields.items()
        for argument, each in field.args.items()
        for path, is_list in _ids_in(each.type)
    ]


def _ids_in(kind: GraphQLInputType, is_list: bool = False) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the path of each id in a value of an input type, and whether it is in a list."""
    if isinstance(kind, GraphQLNonNull):
        yield from _ids_in(kind.of_type, is_list)
    elif isinstance(kind, GraphQLList):
        yield from _ids_in(kind.of_type, True)
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            for path, in_list in _ids_in(field.type, is_list):
                yield (name, *path), in_list
    elif kind.name == "ID":
        yield (), is_list


def outcome_of(argument: IdArgument, body: str) -> str:
    """Return the outcome that the body of a response reports."""
    reply = json.loads(body)
    if "errors" in reply:
        codes = [error["extensions"]["code"] for error in reply["errors"]]
        return {"FORBIDDEN": REJECTED, "NOT_FOUND": NOTHING}.get(codes[0], str(codes))
    value = reply["data"][argument.field]
    if value in (None, [], [None]) or (isinstance(value, dict) and value.get("totalCount") == 0):
        return NOTHING
    kind = value["__typename"] if isinstance(value, dict) else ""
    if kind == "NotFoundError":
        return NOTHING
    return kind if kind.endswith("Error") else FOUND
