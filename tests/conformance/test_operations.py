"""Compilers, code generators and validators of front ends accept the operations."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
)

from records.configuration import Limits
from tests.conformance.node import HERE
from tests.conformance.operations import FOLDER, SCHEMA, Operation, operations
from tests.conformance.relay import compile_operations
from tests.conformance.tools import make_project, run_tool
from transport.execution.operation_cost import CostEstimator
from transport.execution.operation_limits import limit_violations

TYPES = {"BigInt": "number", "DateTime": "string", "JSON": "unknown", "Upload": "Blob"}
SCALARS = {
    "ID": {"input": "string", "output": "string"},
    **{name: {"input": type_, "output": type_} for name, type_ in TYPES.items()},
}
STRICT = (
    "--noEmit",
    "--strict",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
)


@pytest.fixture(scope="module")
def graph() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


def test_relay_compiles_every_operation(tmp_path: Path) -> None:
    compiled = {file.name.removesuffix(".graphql.js") for file in compile_operations(tmp_path).iterdir()}
    assert {operation.name for operation in operations()} - compiled == set()


def test_the_types_of_the_code_generator_compile_and_narrow(tmp_path: Path) -> None:
    config = {"dedupeOperationSuffix": True, "strictScalars": True, "scalars": SCALARS}
    codegen = {
        "schema": str(SCHEMA),
        "documents": [str(FOLDER / "*.graphql")],
        "generates": {"./graph/": {"preset": "client", "config": config}},
    }
    (make_project(tmp_path) / "codegen.json").write_text(json.dumps(codegen))
    run_tool("graphql-codegen", "--config", "codegen.json", cwd=tmp_path)
    shutil.copy(HERE / "clients" / "typed.ts", tmp_path)
    run_tool("tsc", *STRICT, "typed.ts", "graph/index.ts", cwd=tmp_path)


def test_every_operation_is_valid_and_uses_nothing_deprecated(tmp_path: Path) -> None:
    arguments = ("validate", str(FOLDER / "*.graphql"), str(SCHEMA), "--deprecated", "--maxDepth", "10")
    assert "All documents are valid" in run_tool("graphql-inspector", *arguments, cwd=make_project(tmp_path))


def test_the_operations_use_every_field_of_every_type(tmp_path: Path, graph: GraphQLSchema) -> None:
    """A field that is selected on an interface counts for its members too, as in `... on Error { message }`."""
    arguments = ("coverage", str(FOLDER / "*.graphql"), str(SCHEMA), "--silent", "--write", "coverage.json")
    run_tool("graphql-inspector", *arguments, cwd=make_project(tmp_path))
    covered = json.loads((tmp_path / "coverage.json").read_text())["types"]
    assert [f"{owner}.{field}" for owner, field in _fields(graph) if not _used(graph, covered, owner, field)] == []


def _fields(graph: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for type_ in graph.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__"):
            yield from ((type_.name, field) for field in type_.fields)


def _used(graph: GraphQLSchema, covered: dict[str, Any], owner: str, field: str) -> bool:
    type_ = graph.type_map[owner]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    owners = [owner, *(interface.name for interface in type_.interfaces if field in interface.fields)]
    return any(covered[name]["children"][field]["hits"] for name in owners)


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_an_operation_stays_within_the_default_limits(operation: Operation, graph: GraphQLSchema) -> None:
    """The cost counts full pages."""
    limits = Limits()
    document = parse(operation.text, max_tokens=limits.max_tokens)
    assert limit_violations(graph, document, limits) == []
    (definition,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    cost = CostEstimator(graph, limits.max_page_size).estimate(document, definition, {})
    assert cost <= limits.max_cost // 2, "larger pages must fit as well"
