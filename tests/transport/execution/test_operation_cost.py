"""The cost of fields with ids and with list sizes, in literals and in variables."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from transport.execution.operation_cost import CostEstimator

SCHEMA = build_schema("""
    type Query { nodes(ids: [ID!]!): [Node]! things(first: Int): Things! }
    type Node { name: String things(first: Int): Things! }
    type Things { nodes: [Node!]! }
""")
NODES = "query ($ids: [ID!]!, $first: Int) { nodes(ids: $ids) { things(first: $first) { nodes { name } } } }"


def cost(query: str, **variables: Any) -> int:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return CostEstimator(SCHEMA, 100).estimate(document, operation, variables)


@pytest.mark.parametrize(
    ("ids", "first", "expected"), [(1, 1, 4), (10, 1, 31), (10, 50, 521), (30_000, 100, 3_060_001)]
)
def test_each_id_is_counted(ids: int, first: int, expected: int) -> None:
    assert cost(NODES, ids=[str(n) for n in range(ids)], first=first) == expected


def test_literal_ids_cost_the_same_as_variables() -> None:
    written = '{ nodes(ids: ["1", "2", "3"]) { things(first: 7) { nodes { name } } } }'
    assert cost(written) == cost(NODES, ids=["1", "2", "3"], first=7)


def test_a_whole_floating_point_number_is_an_integer() -> None:
    query = "query ($first: Int) { things(first: $first) { nodes { name } } }"
    assert cost(query, first=90.0) == cost(query, first=90) == cost("{ things(first: 90) { nodes { name } } }")
