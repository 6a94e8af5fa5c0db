"""Limits of the size and the cost of an operation."""

import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.configuration import Limits
from tests.transport.book_graph import SCHEMA
from tests.transport.probe import Probe
from transport.execution.operation_limits import limit_violations

DOUBLING = "".join(f"fragment f{level} on Query {{ ...f{level + 1} ...f{level + 1} }}" for level in range(150))
BOMB = "{ ...f0 }" + DOUBLING + "fragment f150 on Query { greeting }"


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    return (await client.post("/graphql", json={"query": query, "variables": variables})).json()


def violations(query: str) -> list[str]:
    return [error.message for error in limit_violations(SCHEMA._schema, parse(query), Limits())]


def nested(levels: int) -> str:
    return "{ books { nodes" + " { author { books" * levels + " { title }" + " } }" * levels + " } }"


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        (BOMB, "root fields"),
        ("{ books { ...f0 } }" + BOMB[9:].replace("Query", "BookConnection"), "fields with its fragments expanded"),
        (nested(5), "levels of fields"),
        (nested(3), "nested lists"),
        ("{ books { " + " ".join(f"a{n}: totalCount" for n in range(31)) + " } }", "aliases"),
        ("{ " + " ".join(f"a{n}: greeting" for n in range(21)) + " }", "root fields"),
        ("{ books { " + "totalCount " * 500 + "} }", "fields with its fragments expanded"),
        ("{ greeting" + " @skip(if: false)" * 21 + " }", "directives"),
        ("{ ... " + "@skip(if: false) " * 21 + "{ greeting } }", "directives"),
        (
            "{ __schema { types { fields { type " + "{ ofType " * 12 + "{ name }" + " }" * 12 + "} } } }",
            "introspection",
        ),
    ],
)
def test_an_operation_above_a_limit_is_rejected(query: str, unit: str) -> None:
    assert unit in violations(query)[0]


BOUNDS: dict[str, Callable[[int], str]] = {
    "aliases": lambda count: "{ books { " + " ".join(f"a{n}: totalCount" for n in range(count)) + " } }",
    "root fields": lambda count: "{ " + " ".join(f"a{n}: greeting" for n in range(count)) + " }",
    "fields with its fragments expanded": lambda count: "{ books { " + "totalCount " * (count - 1) + "} }",
    "directives": lambda count: "{ greeting" + " @skip(if: false)" * count + " }",
}
"""Functions, by limit, that return an operation with exactly `count` of what the limit counts."""


@pytest.mark.parametrize(
    ("unit", "limit"),
    [
        ("aliases", Limits().max_aliases),
        ("root fields", Limits().max_root_fields),
        ("fields with its fragments expanded", Limits().max_fields),
        ("directives", Limits().max_directives),
    ],
)
def test_an_operation_of_exactly_the_limit_is_accepted(unit: str, limit: int) -> None:
    assert violations(BOUNDS[unit](limit)) == []
    (message,) = violations(BOUNDS[unit](limit + 1))
    assert unit in message
    assert str(limit) in message


def test_the_limits_are_the_documented_ones() -> None:
    limits = Limits()
    assert (limits.max_tokens, limits.max_depth, limits.max_list_depth) == (2000, 10, 3)
    assert (limits.max_aliases, limits.max_root_fields, limits.max_fields) == (30, 20, 500)
    assert (limits.max_directives, limits.max_cost, limits.max_errors) == (20, 5000, 20)
    assert (limits.max_request_bytes, limits.max_page_size) == (1 << 20, 100)
    assert limits.max_subscriptions_per_connection == 25


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outer=st.integers(-3, 150), inner=st.integers(-3, 150), is_fragment=st.booleans())
async def test_a_variable_costs_as_much_as_its_value(
    client: httpx.AsyncClient, outer: int, inner: int, is_fragment: bool
) -> None:
    body = "books(first: {0}) {{ nodes {{ author {{ books(first: {1}) {{ title }} }} }} }}"

    def operation(head: str, first: object, second: object) -> str:
        fields = body.format(first, second)
        return f"{head} {{ ...F }} fragment F on Query {{ {fields} }}" if is_fragment else f"{head} {{ {fields} }}"

    literal = await ask(client, operation("query", outer, inner))
    given = await ask(client, operation("query ($a: Int, $b: Int)", "$a", "$b"), a=outer, b=inner)
    assert literal.get("extensions") == given.get("extensions")
    assert [error["message"] for error in literal.get("errors", [])] == [
        error["message"] for error in given.get("errors", [])
    ]


@pytest.mark.parametrize(
    "query",
    [
        "{ greeting }",
        "{ books { nodes { author { books { author { books { title tags } } } } } } }",
        "{ " + " ".join(f"a{n}: greeting" for n in range(20)) + " }",
        "fragment A on BookConnection { totalCount } { books { ...A } again: books { ...A } }",
        get_introspection_query(),
        get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True),
    ],
)
def test_an_operation_within_the_limits_is_accepted(query: str) -> None:
    assert violations(query) == []


def test_a_cycle_of_fragments_is_rejected() -> None:
    cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ... { ...a } }"
    assert "within itself" in violations(cycle)[0]


def test_each_operation_of_a_document_is_measured() -> None:
    assert violations("query A { greeting } query B { " + "greeting " * 21 + "}")


def test_a_bomb_is_measured_without_being_expanded() -> None:
    """Expanded, it would have 2^150 fields: a walk over them would never end."""
    assert violations(BOMB)


def bomb(fragments: int) -> str:
    """Return a query in which each fragment but the last spreads the next one twice."""
    doubling = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(fragments - 1))
    return "{ ...f0 }" + doubling + f"fragment f{fragments - 1} on Query {{ greeting }}"


DEEP = "{ books { nodes" + " { author { books" * 74 + " { title }" + " } }" * 74 + " } }"
WIDE = "{ " + "greeting " * 1999 + "}"


def steps(query: str) -> int:
    """Return the number of function calls until a parsed document is rejected."""
    document, calls = parse(query), 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        assert limit_violations(SCHEMA._schema, document, Limits())
    finally:
        sys.setprofile(None)
    return calls


def test_the_steps_to_reject_a_bomb_grow_linearly_with_the_bomb() -> None:
    assert steps(bomb(200)) < 11 * steps(bomb(20))
    assert steps(bomb(200)) < 200 * 50


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param(bomb(20), "TOO_LARGE", id="20 fragments"),
        pytest.param(bomb(190), "TOO_LARGE", id="190 fragments"),
        pytest.param(bomb(200), "GRAPHQL_PARSE_FAILED", id="200 fragments, which are more than 2,000 tokens already"),
        pytest.param(DEEP, "TOO_LARGE", id="150 levels"),
        pytest.param(WIDE, "GRAPHQL_PARSE_FAILED", id="2,001 tokens"),
    ],
)
async def test_an_operation_that_is_too_large_is_rejected_before_its_execution(
    client: httpx.AsyncClient, probe: Probe, query: str, code: str
) -> None:
    rejection = await ask(client, query)
    assert "data" not in rejection
    assert {error["extensions"]["code"] for error in rejection["errors"]} == {code}
    assert probe.contexts == 0


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ greeting }", {}, 1),
        ("{ __typename }", {}, 0),
        ("{ __schema { types { name fields { name } } } }", {}, 1),
        ("{ books { totalCount } }", {}, 2),
        ("{ books { nodes { title } } }", {}, 1 + 1 + 25),
        ("{ books(first: 10) { nodes { title tags } totalCount } }", {}, 1 + 1 + 10 * 2 + 1),
        ("query ($n: Int) { books(first: $n) { nodes { title } } }", {"n": 50}, 1 + 1 + 50),
        ("query ($n: Int = 50) { books(last: $n) { nodes { title } } }", {}, 1 + 1 + 50),
        ("{ books(first: 1000000) { nodes { title } } }", {}, 1 + 1 + 100),
        ("{ books(first: -5) { nodes { title } } }", {}, 1 + 1 + 1),
        ('{ search(input: {words: "x", topK: 5}) { title } }', {}, 1 + 5),
        ("query ($i: SearchInput!) { search(input: $i) { title } }", {"i": {"words": "x", "topK": 7}}, 1 + 7),
        ("fragment T on Book { title tags } { books(first: 10) { nodes { ...T ... { title } } } }", {}, 1 + 1 + 30),
    ],
)
async def test_lists_cost_as_much_as_they_may_return(
    client: httpx.AsyncClient, query: str, variables: dict[str, Any], cost: int
) -> None:
    assert (await ask(client, query, **variables))["extensions"] == {"cost": cost}


async def test_an_operation_that_costs_too_much_is_not_executed(client: httpx.AsyncClient) -> None:
    query = "query ($n: Int) { books(first: $n) { nodes { author { books(first: $n) { title } } } } }"
    assert "data" in await ask(client, query, n=20)
    (error,) = (await ask(client, query, n=100))["errors"]
    assert error["message"] == "The operation may cost 10202, more than the limit of 5000. Use smaller pages."
    assert error["extensions"]["code"] == "TOO_LARGE"
