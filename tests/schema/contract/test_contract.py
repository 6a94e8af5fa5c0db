"""The served schema is the committed one, and the contract except for the parts that `not_implemented.txt` lists."""

from itertools import combinations
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, lexicographic_sort_schema
from graphql import build_schema as read_schema

from schema.build import build_schema
from tests.paths import ROOT
from tests.schema.contract.schema_parts import Part, read_parts

COMMITTED = ROOT / "schema" / "schema.graphql"
CONTRACT = ROOT / "docs" / "contract.graphql"
NOT_IMPLEMENTED = Path(__file__).with_name("not_implemented.txt")


@pytest.fixture(scope="module")
def printed() -> str:
    return build_schema().as_str() + "\n"


@pytest.fixture(scope="module")
def served(printed: str) -> dict[str, Part]:
    return read_parts(printed)


@pytest.fixture(scope="module")
def contract() -> dict[str, Part]:
    return read_parts(CONTRACT.read_text())


def test_the_committed_schema_is_up_to_date(printed: str) -> None:
    assert COMMITTED.read_text() == printed, "run: python -m schema.build > schema/schema.graphql"


def test_every_served_part_is_defined_as_in_the_contract(served: dict[str, Part], contract: dict[str, Part]) -> None:
    differing = {
        path: (contract[path].definition, part.definition)
        for path, part in served.items()
        if path in contract and contract[path].definition != part.definition
    }
    assert differing == {}


def test_the_descriptions_of_the_contract_are_served(served: dict[str, Part], contract: dict[str, Part]) -> None:
    differing = {
        path: (part.description, served[path].description)
        for path, part in contract.items()
        if part.description and path in served and part.description != served[path].description
    }
    assert differing == {}


def test_every_served_part_is_in_the_contract(served: dict[str, Part], contract: dict[str, Part]) -> None:
    assert sorted(served.keys() - contract.keys()) == []


def test_the_parts_that_are_not_served_are_exactly_those_listed(
    served: dict[str, Part], contract: dict[str, Part]
) -> None:
    missing = set()
    for path, part in contract.items():
        outermost = next((each for each in (part.type_name, path.split("(")[0]) if each not in served), path)
        if path not in served:
            missing.add(outermost)
    lines = NOT_IMPLEMENTED.read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(missing)


def test_every_part_has_a_description(served: dict[str, Part]) -> None:
    describable = [part for part in served.values() if part.definition not in ("interface", "member")]
    assert [part.path for part in describable if not part.description] == []


def test_members_of_a_union_have_no_field_with_two_types(printed: str) -> None:
    schema = lexicographic_sort_schema(read_schema(printed))
    clashes = [
        (union.name, one.name, other.name, name)
        for union in schema.type_map.values()
        if isinstance(union, GraphQLUnionType)
        for one, other in combinations(union.types, 2)
        for name in one.fields.keys() & other.fields.keys()
        if str(one.fields[name].type) != str(other.fields[name].type)
    ]
    assert clashes == []


def test_every_error_type_of_a_union_implements_error(printed: str) -> None:
    schema = read_schema(printed)
    members = {
        member
        for union in schema.type_map.values()
        if isinstance(union, GraphQLUnionType)
        for member in union.types
        if isinstance(member, GraphQLObjectType) and member.name.endswith("Error")
    }
    assert [member.name for member in members if "Error" not in {each.name for each in member.interfaces}] == []
