"""The cache settings of docs/clients.md agree with the schema."""

import json
import subprocess
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema

from tests.conformance.clients.runs import write_modules
from tests.conformance.node import NODE
from tests.conformance.operations import SCHEMA
from tests.conformance.tools import make_project

PRINT_EXPORTS = """
import { keys } from "./urql.js";
import { typePolicies } from "./apollo.js";
import { possibleTypes } from "./types.js";
const unkeyed = Object.keys(typePolicies).filter((name) => typePolicies[name].keyFields === false);
const streams = Object.keys(typePolicies.Subscription.fields);
process.stdout.write(JSON.stringify({ keys: Object.keys(keys), unkeyed, possibleTypes, streams }));
"""


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The exports of the page's modules that configure caches."""
    folder = make_project(tmp_path_factory.mktemp("page"))
    write_modules(folder)
    (folder / "print_exports.mjs").write_text(PRINT_EXPORTS, encoding="utf-8")
    printed = subprocess.run(
        [NODE, "print_exports.mjs"], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


def types_without_id() -> list[str]:
    graph = build_schema(SCHEMA.read_text(encoding="utf-8"))
    roots = (graph.query_type, graph.mutation_type, graph.subscription_type)
    return sorted(
        type_.name
        for type_ in graph.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        and type_ not in roots
        and not type_.name.startswith("__")
        and "id" not in type_.fields
    )


@pytest.mark.parametrize("policy", ["keys", "unkeyed"])
def test_every_type_without_an_id_is_listed(documented: dict[str, Any], policy: str) -> None:
    assert sorted(documented[policy]) == types_without_id()


def test_the_members_of_every_interface_are_listed(documented: dict[str, Any]) -> None:
    graph = build_schema(SCHEMA.read_text(encoding="utf-8"))
    interfaces = [type_ for type_ in graph.type_map.values() if isinstance(type_, GraphQLInterfaceType)]
    expected = {type_.name: sorted(each.name for each in graph.get_possible_types(type_)) for type_ in interfaces}
    members = {name: listed for name, listed in documented["possibleTypes"].items() if listed}
    assert members == expected
    assert sorted(set(documented["possibleTypes"]) - set(members)) == types_without_id()


def test_every_subscription_has_a_policy(documented: dict[str, Any]) -> None:
    subscription = build_schema(SCHEMA.read_text(encoding="utf-8")).subscription_type
    assert subscription is not None
    assert sorted(documented["streams"]) == sorted(subscription.fields)
