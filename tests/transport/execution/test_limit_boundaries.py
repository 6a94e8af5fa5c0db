"""Every limit at its boundary, for each way to write an operation; and the number of steps of the measurement itself."""

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

from records.configuration import Limits
from tests.transport.book_graph import SCHEMA
from tests.transport.conftest import Connect
from transport.execution.operation_cost import CostEstimator
from transport.execution.operation_limits import MAX_INTROSPECTION_DEPTH, limit_violations, operations_of

HUGE = 1 << 40
PATH = ["books", "nodes", *["author", "books"] * 20]
LEAVES = {"books": "title", "nodes": "title", "author": "name"}


def alone(name: str) -> Limits:
    """Return limits of which only `name` has its default; all others are too high to be reached."""
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
"""Functions, by limit, that return the body of an operation with exactly `count` of what the limit counts."""
MESSAGES = {
    "max_depth": "has more than 10 levels of fields",
    "max_list_depth": "has more than 3 nested lists",
    "max_aliases": "has more than 30 aliases",
    "max_root_fields": "has more than 20 root fields",
    "max_fields": "has more than 500 fields with its fragments expanded",
    "max_directives": "has more than 20 directives",
    "max_cost": "may cost 5001, more than the limit of 5000",
}
FORMS: dict[str, str] = {
    "plain": "{ BODY }",
    "fragment": "{ ...F } fragment F on Query { BODY }",
    "fragments": "fragment G on Query { ...H } { ...F } fragment H on Query { BODY } fragment F on Query { ...G }",
    "inline": "{ ... { ... on Query { ... { BODY } } } }",
    "operation": "query A { greeting } query B { BODY }",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", BODIES)
async def test_every_form_of_an_operation_is_accepted_at_a_limit_and_rejected_above_it(
    connect: Connect, name: str, form: str
) -> None:
    limit = getattr(Limits(), name)
    async with connect(limits=alone(name)) as client:
        within, beyond = [
            await ask(client, FORMS[form].replace("BODY", BODIES[name](count)), "B" if form == "operation" else None)
            for count in (limit, limit + 1)
        ]
    assert "errors" not in within
    assert "data" not in beyond
    (error,) = beyond["errors"]
    assert error["extensions"]["code"] == "TOO_LARGE"
    assert MESSAGES[name] in error["message"]


async def ask(client: httpx.AsyncClient, query: str, name: str | None = None, **variables: object) -> Any:
    body = {"query": query, "operationName": name, "variables": variables}
    return (await client.post("/graphql", json=body)).json()


@pytest.mark.parametrize("name", ["max_fields", "max_aliases", "max_directives"])
async def test_a_fragment_counts_each_time_it_is_spread(connect: Connect, name: str) -> None:
    """A fragment that is spread ten times is accepted at a twentieth of the limit and rejected above a tenth."""
    share = getattr(Limits(), name) // 10
    bodies = [BODIES[name](count) + " fragment_end" for count in (share // 2 or 1, share + 1)]
    async with connect(limits=alone(name)) as client:
        for body, is_accepted in zip(bodies, (True, False), strict=True):
            spread = body.replace(" fragment_end", "")
            replies = await ask(client, "{ " + "...F " * 10 + "} fragment F on Query { " + spread + " }")
            assert ("errors" not in replies) is is_accepted


async def test_a_variable_reaches_the_cost_limit_like_its_value(connect: Connect) -> None:
    query = "query ($n: Int!, $on: Boolean!) { books(first: $n) { nodes @include(if: $on) { TITLES } TOTALS } }"
    full = query.replace("TITLES", "title " * 49).replace("TOTALS", "totalCount " * 98)
    async with connect() as client:
        assert (await ask(client, full, n=100, on=True))["extensions"] == {"cost": 5000}
        over = await ask(client, full.replace("totalCount", "totalCount totalCount", 1), n=100, on=True)
        assert MESSAGES["max_cost"] in json.dumps(over)
        assert (await ask(client, full, n=99, on=True))["extensions"] == {"cost": 5000 - 49}


async def test_a_document_has_at_most_two_thousand_tokens(connect: Connect) -> None:
    async with connect(limits=alone("max_tokens")) as client:
        within = "{ " + repeated("a#: totalCount", 665) + " }"
        assert "errors" not in await ask(client, within)
        for padding in ("", "#" * 1000 + "\n", ", \ufeff" * 1000):
            (error,) = (await ask(client, padding + within.replace("}", "totalCount }", 1)))["errors"]
            assert "more than 2000 tokens" in error["message"]
            assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize("form", ["plain", "fragment", "inline"])
async def test_introspection_has_a_depth_limit_of_its_own(client: httpx.AsyncClient, form: str) -> None:
    def body(levels: int) -> str:
        outer = "__schema { types { fields { type "
        return outer + "{ ofType " * (levels - 5) + "{ name }" + " }" * (levels - 5) + " } } }"

    assert "errors" not in await ask(client, FORMS[form].replace("BODY", body(MAX_INTROSPECTION_DEPTH)))
    beyond = await ask(client, FORMS[form].replace("BODY", body(MAX_INTROSPECTION_DEPTH + 1)))
    assert "has more than 15 levels of introspection" in json.dumps(beyond)


@pytest.mark.parametrize(("wrong", "listed"), [(19, 19), (20, 20), (21, 20), (400, 20)])
async def test_at_most_twenty_errors_are_returned(connect: Connect, wrong: int, listed: int) -> None:
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


async def test_a_body_without_files_has_at_most_one_mebibyte(connect: Connect) -> None:
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
                assert status == 200 or "must not exceed 1,048,576 bytes" in reply.json()["errors"][0]["message"]


def steps(work: Callable[[], object]) -> int:
    """Return the number of function calls in `work`, built-in functions included. Each iteration of its loops calls one."""
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
"""Maximum number of function calls: for each node of a document, and in addition once. Measured: 11 for a node."""


def documents(*, cycles: bool) -> st.SearchStrategy[str]:
    """Generate operations with fragments. Each fragment may spread any fragment; without `cycles`, only later ones."""

    def to_text(bodies: list[list[tuple[int, int]]]) -> str:
        names = range(len(bodies))
        texts = [" ".join(selection(kind, n, at) for kind, n in body) for at, body in zip(names, bodies, strict=True)]
        return "{ ...f0 } " + " ".join(
            f"fragment f{at} on Query {{ __typename {text} }}" for at, text in enumerate(texts)
        )

    def selection(kind: int, n: int, at: int) -> str:
        target = f"...f{n}" if cycles or n > at else "greeting"
        wrappers = ("greeting", "a: greeting", target, "... { ... on Query { # # } }", "...  @include(if: true) { # }")
        return wrappers[kind].replace("#", target)

    picked = st.tuples(st.integers(0, 4), st.integers(0, 25))
    return st.lists(st.lists(picked, max_size=5), min_size=1, max_size=26).map(to_text)


@settings(max_examples=150, deadline=None)
@given(query=documents(cycles=True))
def test_measuring_a_size_takes_steps_in_proportion_to_the_document(query: str) -> None:
    document = parse(query)
    assert (
        steps(lambda: limit_violations(SCHEMA._schema, document, Limits())) <= PER_NODE * nodes_of(document) + BESIDES
    )


ESTIMATOR = CostEstimator(SCHEMA._schema, 100)


@settings(max_examples=150, deadline=None)
@given(query=documents(cycles=False))
def test_estimating_a_cost_takes_steps_in_proportion_to_the_document(query: str) -> None:
    document = parse(query)
    (operation,) = operations_of(document)
    assert steps(lambda: ESTIMATOR.estimate(document, operation, {})) <= PER_NODE * nodes_of(document) + BESIDES


@settings(max_examples=100, deadline=None)
@given(bodies=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=5, max_size=5))
def test_fragments_count_like_their_expansion(bodies: list[list[int]]) -> None:
    """Compare the measured size with the size of the operation in which all fragments are expanded."""

    def expanded(at: int) -> int:
        return sum(expanded(n) if at < n < len(bodies) else 1 for n in bodies[at]) + 1

    texts = [
        " ".join(f"...f{n}" if at < n < len(bodies) else "greeting" for n in body) for at, body in enumerate(bodies)
    ]
    query = "{ ...f0 } " + " ".join(f"fragment f{at} on Query {{ greeting {text} }}" for at, text in enumerate(texts))
    document, fields = parse(query), expanded(0)
    (operation,) = operations_of(document)
    assert ESTIMATOR.estimate(document, operation, {}) == fields

    def violations(limit: int) -> list[GraphQLError]:
        return limit_violations(SCHEMA._schema, document, Limits(max_fields=limit, max_root_fields=HUGE))

    assert violations(fields) == []
    assert len(violations(fields - 1)) == 1
