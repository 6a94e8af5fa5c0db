"""Every field of the schema can be selected on complete records, so that types and records do not drift apart."""

from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from records.ids import CollectionId, DocumentId, MessageId, ModelId, UserId
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.schema.full_graph import full_graph

DEPTH = 4


def selection(kind: Any, depth: int) -> str:
    """Return a selection of every field of a type down to a depth; of a union, of every member."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(kind, GraphQLUnionType):
        return "{ __typename " + " ".join(f"... on {m.name} {selection(m, depth)}" for m in kind.types) + " }"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    fields = [
        f"{name} {selection(field.type, depth - 1)}"
        for name, field in kind.fields.items()
        if is_selectable(field, depth)
    ]
    return "{ __typename " + " ".join(fields) + " }"


def is_selectable(field: GraphQLField, depth: int) -> bool:
    leaf = isinstance(get_named_type(field.type), GraphQLScalarType | GraphQLEnumType)
    return (leaf or depth > 1) and not any(is_required_argument(argument) for argument in field.args.values())


@pytest.fixture
def full(schema: strawberry.Schema) -> InMemoryGraph:
    return full_graph(schema)


ROOTS = {
    "node": f'(id: "{global_ids.DOCUMENT.encode(DocumentId(1))}")',
    "nodes": f'(ids: ["{global_ids.MESSAGE.encode(MessageId(2))}", "nothing"])',
    "document": f'(id: "{global_ids.DOCUMENT.encode(DocumentId(1))}")',
    "chunk": '(id: "Q2h1bms6MQ")',
    "session": '(id: "U2Vzc2lvbjox")',
    "message": f'(id: "{global_ids.MESSAGE.encode(MessageId(2))}")',
    "model": f'(id: "{global_ids.MODEL.encode(ModelId("0123456789abcdef"))}")',
    "user": f'(id: "{global_ids.USER.encode(UserId(1))}")',
    "collection": f'(id: "{global_ids.COLLECTION.encode(CollectionId(1))}")',
    "search": '(input: {query: "bolt"})',
}


def roots(schema: GraphQLSchema) -> list[tuple[str, GraphQLField]]:
    assert schema.query_type is not None
    return list(schema.query_type.fields.items())


async def test_every_field_of_every_query_can_be_selected(full: InMemoryGraph) -> None:
    for name, field in roots(full.schema._schema):
        found = (await full.execute(f"{{ {name}{ROOTS.get(name, '')} {selection(field.type, DEPTH)} }}"))[name]
        assert found not in (None, []), name


async def test_nodes_keeps_the_order_and_returns_null_for_an_unknown_id(full: InMemoryGraph) -> None:
    found = await full.execute(f"{{ nodes{ROOTS['nodes']} {{ __typename id }} }}")
    assert found["nodes"] == [{"__typename": "Message", "id": global_ids.MESSAGE.encode(MessageId(2))}, None]
