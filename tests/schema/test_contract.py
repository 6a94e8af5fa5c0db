"""The served schema is the committed one, and the contract but for what is listed in `left_out.txt`."""

from itertools import combinations
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, lexicographic_sort_schema
from graphql import build_schema as read_schema

from schema.build import build_schema
from tests.paths import ROOT
from tests.schema.contract import Part, read_parts

COMMITTED = ROOT / "schema" / "schema.graphql"
CONTRACT = ROOT / "docs" / "contract.graphql"
LEFT_OUT = Path(__file__).with_name("left_out.txt")


@pytest.fixture(scope="module")
def printed() -> str:
    return build_schema().as_str() + "\n"


@pytest.fixture(scope="module")
def served(printed: str) -> dict[str, Part]:
    return read_parts(printed)


@pytest.fixture(scope="module")
def contract() -> dict[str, Part]:
    return read_parts(CONTRACT.read_text())


def test_the_committed_schema_is_the_served_one(printed: str) -> None:
    assert COMMITTED.read_text() == printed, "run: python -m schema.build > schema/schema.graphql"


def test_what_is_served_says_what_the_contract_says(served: dict[str, Part], contract: dict[str, Part]) -> None:
    differing = {
        place: (contract[place].says, part.says)
        for place, part in served.items()
        if place in contract and contract[place].says != part.says
    }
    assert differing == {}


def test_the_contracts_descriptions_are_served(served: dict[str, Part], contract: dict[str, Part]) -> None:
    differing = {
        place: (part.description, served[place].description)
        for place, part in contract.items()
        if part.description and place in served and part.description != served[place].description
    }
    assert differing == {}


def test_nothing_is_served_that_the_contract_does_not_name(served: dict[str, Part], contract: dict[str, Part]) -> None:
    assert sorted(served.keys() - contract.keys()) == []


def test_exactly_what_is_listed_is_left_out(served: dict[str, Part], contract: dict[str, Part]) -> None:
    left_out = set()
    for place, part in contract.items():
        whole = next((each for each in (part.type_name, place.split("(")[0]) if each not in served), place)
        if place not in served:
            left_out.add(whole)
    lines = LEFT_OUT.read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(left_out)


def test_every_part_has_a_description(served: dict[str, Part]) -> None:
    describable = [part for part in served.values() if part.says not in ("interface", "member")]
    assert [part.place for part in describable if not part.description] == []


def test_no_two_members_of_a_union_have_one_field_with_two_types(printed: str) -> None:
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


def test_every_error_of_a_union_is_an_error(printed: str) -> None:
    schema = read_schema(printed)
    members = {
        member
        for union in schema.type_map.values()
        if isinstance(union, GraphQLUnionType)
        for member in union.types
        if isinstance(member, GraphQLObjectType) and member.name.endswith("Error")
    }
    assert [member.name for member in members if "Error" not in {each.name for each in member.interfaces}] == []
