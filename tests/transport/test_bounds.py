"""Every limit at its bound and one beyond, however the operation is written; and what the counting itself takes."""

import json
import sys
from collections.abc import Callable
from dataclasses import fields as fields_of
from functools import partial
from typing import Any

import httpx
import pytest
from graphql import DocumentNode, GraphQLError, Visitor, parse, visit
from hypothesis import given, settings
from hypothesis import strategies as st

from records.settings import Limits
from tests.transport.conftest import Connect
from tests.transport.library import SCHEMA
from transport.execution.cost import CostReckoner
from transport.execution.limits import MAX_INTROSPECTION_DEPTH, operations_of, within_limits

HUGE = 1 << 40
PATH = ["books", "nodes", *["author", "books"] * 20]
LEAVES = {"books": "title", "nodes": "title", "author": "name"}


def alone(name: str) -> Limits:
    """This limit as it is by itself, and all others out of the way."""
    return Limits(**{each.name: HUGE for each in fields_of(Limits) if each.name not in (name, "max_page_size")})


def levels(count: int) -> str:
    path = PATH[: count - 1]
    leaf = "totalCount" if len(path) == 1 else LEAVES[path[-1]]
    return " { ".join([*path, leaf]) + " }" * len(path)


def repeated(what: str, count: int) -> str:
    return "books { " + " ".join(what.replace("#", str(n)) for n in range(count)) + " }"


BODIES: dict[str, Callable[[int], str]] = {
    "max_depth": levels,
    "max_list_depth": lambda count: levels(2 * count + 1),
    "max_aliases": partial(repeated, "a#: totalCount"),
    "max_root_fields": lambda count: "greeting " * count,
    "max_fields": lambda count: repeated("totalCount", count - 1),
    "max_directives": partial(repeated, "totalCount @include(if: true)"),
    "max_cost": lambda count: (
        "books(first: 100) { nodes { " + "title " * 49 + "} " + "totalCount " * (count - 4902) + "}"
    ),
}
"""Operations that have exactly so many of what is counted."""
SAID = {
    "max_depth": "has more than 10 levels of fields",
    "max_list_depth": "has more than 3 lists within each other",
    "max_aliases": "has more than 30 aliases",
    "max_root_fields": "has more than 20 fields at its root",
    "max_fields": "has more than 500 fields, fragments expanded",
    "max_directives": "has more than 20 directives",
    "max_cost": "may cost 5001; 5000 is the most",
}
WAYS: dict[str, str] = {
    "plain": "{ BODY }",
    "fragment": "{ ...F } fragment F on Query { BODY }",
    "fragments": "fragment G on Query { ...H } { ...F } fragment H on Query { BODY } fragment F on Query { ...G }",
    "inline": "{ ... { ... on Query { ... { BODY } } } }",
    "operation": "query A { greeting } query B { BODY }",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BODIES)
async def test_a_limit_holds_where_it_is_said_to_be_however_the_operation_is_written(
    connect: Connect, name: str, way: str
) -> None:
    most = getattr(Limits(), name)
    async with connect(limits=alone(name)) as client:
        within, beyond = [
            await ask(client, WAYS[way].replace("BODY", BODIES[name](count)), "B" if way == "operation" else None)
            for count in (most, most + 1)
        ]
    assert "errors" not in within
    assert "data" not in beyond
    (error,) = beyond["errors"]
    assert error["extensions"]["code"] == "TOO_LARGE"
    assert SAID[name] in error["message"]


async def ask(client: httpx.AsyncClient, query: str, name: str | None = None, **variables: object) -> Any:
    body = {"query": query, "operationName": name, "variables": variables}
    return (await client.post("/graphql", json=body)).json()


@pytest.mark.parametrize("name", ["max_fields", "max_aliases", "max_directives"])
async def test_a_fragment_counts_as_often_as_it_is_spread(connect: Connect, name: str) -> None:
    """Under ten names, half a tenth of the limit each time would pass; a tenth and one would not."""
    share = getattr(Limits(), name) // 10
    bodies = [BODIES[name](count) + " fragment_end" for count in (share // 2 or 1, share + 1)]
    async with connect(limits=alone(name)) as client:
        for body, passes in zip(bodies, (True, False), strict=True):
            spread = body.replace(" fragment_end", "")
            replies = await ask(client, "{ " + "...F " * 10 + "} fragment F on Query { " + spread + " }")
            assert ("errors" not in replies) is passes


async def test_a_variable_reaches_a_limit_as_its_value_does(connect: Connect) -> None:
    query = "query ($n: Int!, $on: Boolean!) { books(first: $n) { nodes @include(if: $on) { TITLES } TOTALS } }"
    full = query.replace("TITLES", "title " * 49).replace("TOTALS", "totalCount " * 98)
    async with connect() as client:
        assert (await ask(client, full, n=100, on=True))["extensions"] == {"cost": 5000}
        over = await ask(client, full.replace("totalCount", "totalCount totalCount", 1), n=100, on=True)
        assert SAID["max_cost"] in json.dumps(over)
        assert (await ask(client, full, n=99, on=True))["extensions"] == {"cost": 5000 - 49}


async def test_two_thousand_tokens_are_read_and_no_more(connect: Connect) -> None:
    async with connect(limits=alone("max_tokens")) as client:
        within = "{ " + repeated("a#: totalCount", 665) + " }"
        assert "errors" not in await ask(client, within)
        for padding in ("", "#" * 1000 + "\n", ", \ufeff" * 1000):
            (error,) = (await ask(client, padding + within.replace("}", "totalCount }", 1)))["errors"]
            assert "more than 2000 tokens" in error["message"]
            assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize("way", ["plain", "fragment", "inline"])
async def test_introspection_has_a_depth_of_its_own(client: httpx.AsyncClient, way: str) -> None:
    def body(levels: int) -> str:
        outer = "__schema { types { fields { type "
        return outer + "{ ofType " * (levels - 5) + "{ name }" + " }" * (levels - 5) + " } } }"

    assert "errors" not in await ask(client, WAYS[way].replace("BODY", body(MAX_INTROSPECTION_DEPTH)))
    beyond = await ask(client, WAYS[way].replace("BODY", body(MAX_INTROSPECTION_DEPTH + 1)))
    assert "has more than 15 levels of introspection" in json.dumps(beyond)


@pytest.mark.parametrize(("wrong", "listed"), [(19, 19), (20, 20), (21, 20), (400, 20)])
async def test_twenty_errors_are_listed_and_no_more(connect: Connect, wrong: int, listed: int) -> None:
    query = "{ " + " ".join(f"x{n}" for n in range(wrong)) + " }"
    coerced = (
        "query ("
        + " ".join(f"$v{n}: Int!" for n in range(wrong))
        + ") { "
        + "".join(f"b{n}: books(first: $v{n}) {{ totalCount }} " for n in range(wrong))
    )
    async with connect(limits=alone("max_errors")) as client:
        for each in (query, coerced + "}"):
            errors = (await ask(client, each))["errors"]
            assert len(errors) == listed


async def test_a_body_has_one_mebibyte_and_uploads_a_limit_of_their_own(connect: Connect) -> None:
    empty = len(json.dumps({"query": "{ greeting }", "variables": {"x": ""}}))
    headers = {"Content-Type": "application/json"}
    async with connect() as client:
        for beyond, status in ((0, 200), (1, 413)):
            body = json.dumps({"query": "{ greeting }", "variables": {"x": "y" * ((1 << 20) - empty + beyond)}})
            assert len(body) == (1 << 20) + beyond

            async def unannounced(body: str = body):  # type: ignore[no-untyped-def]
                yield body.encode()

            for content in (body.encode(), unannounced()):
                reply = await client.post("/graphql", content=content, headers=headers)
                assert reply.status_code == status
                assert status == 200 or "1,048,576 bytes at most" in reply.json()["errors"][0]["message"]


def steps(work: Callable[[], object]) -> int:
    """Calls that some work takes, those of built-in functions too: every turn of every loop in there makes one."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def nodes_of(document: DocumentNode) -> int:
    class Counting(Visitor):
        nodes = 0

        def enter(self, *_: object) -> None:
            self.nodes += 1

    counting = Counting()
    visit(document, counting)
    return counting.nodes


PER_NODE, BESIDES = 15, 100
"""Steps for each node of a document, and for what every document takes. Measured: 11 for a node at most."""


def graphs(*, circles: bool) -> st.SearchStrategy[str]:
    """Operations with fragments that spread each other as they like, or only those that come behind them."""

    def written(bodies: list[list[tuple[int, int]]]) -> str:
        names = range(len(bodies))
        texts = [" ".join(selection(kind, n, at) for kind, n in body) for at, body in zip(names, bodies, strict=True)]
        return "{ ...f0 } " + " ".join(
            f"fragment f{at} on Query {{ __typename {text} }}" for at, text in enumerate(texts)
        )

    def selection(kind: int, n: int, at: int) -> str:
        target = f"...f{n}" if circles or n > at else "greeting"
        wrappers = ("greeting", "a: greeting", target, "... { ... on Query { # # } }", "...  @include(if: true) { # }")
        return wrappers[kind].replace("#", target)

    picked = st.tuples(st.integers(0, 4), st.integers(0, 25))
    return st.lists(st.lists(picked, max_size=5), min_size=1, max_size=26).map(written)


@settings(max_examples=150, deadline=None)
@given(query=graphs(circles=True))
def test_counting_takes_steps_in_proportion_to_the_document(query: str) -> None:
    document = parse(query)
    assert steps(lambda: within_limits(SCHEMA._schema, document, Limits())) <= PER_NODE * nodes_of(document) + BESIDES


RECKONER = CostReckoner(SCHEMA._schema, 100)


@settings(max_examples=150, deadline=None)
@given(query=graphs(circles=False))
def test_reckoning_costs_takes_steps_in_proportion_to_the_document(query: str) -> None:
    document = parse(query)
    (operation,) = operations_of(document)
    assert steps(lambda: RECKONER.cost(document, operation, {})) <= PER_NODE * nodes_of(document) + BESIDES


@settings(max_examples=100, deadline=None)
@given(bodies=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=5, max_size=5))
def test_fragments_count_as_if_they_were_written_out(bodies: list[list[int]]) -> None:
    """Held against the slow way, which writes them out."""

    def expanded(at: int) -> int:
        return sum(expanded(n) if at < n < len(bodies) else 1 for n in bodies[at]) + 1

    texts = [
        " ".join(f"...f{n}" if at < n < len(bodies) else "greeting" for n in body) for at, body in enumerate(bodies)
    ]
    query = "{ ...f0 } " + " ".join(f"fragment f{at} on Query {{ greeting {text} }}" for at, text in enumerate(texts))
    document, fields = parse(query), expanded(0)
    (operation,) = operations_of(document)
    assert RECKONER.cost(document, operation, {}) == fields

    def refusals(most: int) -> list[GraphQLError]:
        return within_limits(SCHEMA._schema, document, Limits(max_fields=most, max_root_fields=HUGE))

    assert refusals(fields) == []
    assert len(refusals(fields - 1)) == 1
