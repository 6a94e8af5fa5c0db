"""A user who reads everything that the schema offers: every field of every object whose id is known, and long paths."""

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from schema.common import global_ids
from tests.isolation.matrix.id_arguments import SCHEMA
from tests.isolation.two_users import TwoUsers

DEPTHS = (3, 2, 1)
MAX_LISTS = 3
MAX_STEPS = 7
Path = tuple[str, GraphQLField]


class Crawler:
    """Sends operations as one user, and keeps all responses and all ids in them."""

    def __init__(self, server: TwoUsers, user: str) -> None:
        self.server = server
        self.user = user
        self.received: list[str] = []
        self.known: set[str] = set()

    async def send(self, document: str, **variables: Any) -> Any:
        """Execute an operation; return the response."""
        _, body = await self.server.execute(self.user, document, variables)
        self.received.append(body)
        reply = json.loads(body)
        self.known |= set(_ids_in(reply))
        return reply

    async def crawl(self, ids: Iterable[str] = ()) -> None:
        """Read all roots, the objects with these ids, and all objects whose ids are found on the way."""
        assert SCHEMA.query_type is not None
        for name, field in SCHEMA.query_type.fields.items():
            if not any(is_required_argument(argument) for argument in field.args.values()):
                await self._read("query { %s }", name, field)
        visited: set[str] = set()
        while waiting := (self.known | set(ids)) - visited:
            for global_id in sorted(waiting):
                await self._read_node(global_id)
            visited |= waiting

    async def _read_node(self, global_id: str) -> None:
        decoded = global_ids.decode(global_id)
        kind = SCHEMA.type_map.get(decoded[0]) if decoded else None
        if isinstance(kind, GraphQLObjectType) and global_id:
            for name, field in kind.fields.items():
                wrapper = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind.name} {{ %s }} }} }}"
                await self._read(wrapper, name, field, id=global_id)

    async def _read(self, wrapper: str, name: str, field: GraphQLField, **variables: Any) -> None:
        """Read a field as deeply as the limits of the transport permit, and at least its own values."""
        for depth in DEPTHS:
            reply = await self.send(wrapper % f"{name} {selection(field.type, depth)}", **variables)
            if reply.get("data"):
                return
            codes = [error["extensions"]["code"] for error in reply["errors"]]
            if codes == ["FORBIDDEN"]:
                return
        raise AssertionError(f"{name} of {variables} cannot be read: {reply}")

    async def walk(self, count: int, ids: Iterable[str]) -> None:
        """Follow random paths of objects from these ids, each as long as the limits of the transport permit."""
        random, starts = Random(1), sorted(ids)
        for _ in range(count):
            global_id = random.choice(starts)
            decoded = global_ids.decode(global_id)
            assert decoded is not None
            path = _random_path(SCHEMA.type_map[decoded[0]], random)
            await self.send(f"query ($id: ID!) {{ node(id: $id) {{ ... on {decoded[0]} {path} }} }}", id=global_id)


def _ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids_in(each)
    elif isinstance(value, str) and (decoded := global_ids.decode(value)) and decoded[0] in SCHEMA.type_map:
        yield value


def _is_leaf(field: GraphQLField) -> bool:
    return isinstance(get_named_type(field.type), GraphQLScalarType | GraphQLEnumType)


def _readable(kind: Any) -> dict[str, GraphQLField]:
    return {
        name: field
        for name, field in kind.fields.items()
        if not any(is_required_argument(argument) for argument in field.args.values())
    }


def selection(kind: Any, depth: int) -> str:
    """Return a selection of every field of a type down to a depth; of a union, of every member."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(named, GraphQLUnionType):
        return "{ __typename " + " ".join(f"... on {each.name} {selection(each, depth)}" for each in named.types) + " }"
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    fields = [
        f"{name} {selection(field.type, depth - _cost(field))}"
        for name, field in _readable(named).items()
        if _is_leaf(field) or depth > 1
    ]
    return "{ __typename " + " ".join(fields) + " }"


def _cost(field: GraphQLField) -> int:
    """Return the levels that a field uses up. The lists of connections use none."""
    return 0 if get_named_type(field.type).name.endswith(("Connection", "Edge")) else 1


def _is_list(field: GraphQLField) -> bool:
    kind: Any = field.type
    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    return isinstance(kind, GraphQLList)


def _random_path(kind: Any, random: Random, steps: int = MAX_STEPS, lists: int = MAX_LISTS) -> str:
    """Return a selection of all values of a type and of one of its objects, and so on."""
    fields = _readable(kind)
    leaves = [name for name, field in fields.items() if _is_leaf(field)]
    nested = [(name, field) for name, field in fields.items() if not _is_leaf(field) and (lists or not _is_list(field))]
    if steps and nested:
        name, field = random.choice(sorted(nested, key=lambda each: each[0]))
        named = get_named_type(field.type)
        if isinstance(named, GraphQLObjectType):
            leaves.append(f"{name} {_random_path(named, random, steps - 1, lists - _is_list(field))}")
    return "{ __typename " + " ".join(leaves) + " }"
