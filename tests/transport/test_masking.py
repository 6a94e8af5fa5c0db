"""What clients learn of failures, and what the log does."""

import json
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.transport.conftest import Connect
from transport.execution.execution import TimeLimits


def surprises(logged: list[Any]) -> list[Any]:
    """What was logged, but for the lines that every request and operation ends with."""
    return [line for line in logged if line["event"] not in ("operation", "request")]


async def ask(client: httpx.AsyncClient, query: str) -> httpx.Response:
    headers = {"Accept": "application/graphql-response+json"}
    return await client.post("/graphql", json={"query": query, "variables": {"secret": "sesame"}}, headers=headers)


async def test_a_surprise_is_masked_and_logged_once_with_the_id_that_both_sides_see(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "query Q { broken greeting }")
    assert reply.status_code == 200
    assert reply.json()["data"] == {"broken": None, "greeting": "Hello, world!"}
    (error,) = reply.json()["errors"]
    assert error["path"] == ["broken"]
    shown = error["extensions"]["id"]
    assert error["extensions"] == {"code": "INTERNAL", "id": shown}
    assert error["message"] == f"Something went wrong on the server. (id {shown})"
    assert "swordfish" not in reply.text
    (line,) = surprises(logged)
    assert (line["id"], line["operation"], line["path"]) == (shown, "Q", "broken")
    assert "swordfish" in str(line["exc_info"])
    assert "sesame" not in str(line)


async def test_a_surprise_is_masked_however_it_is_asked_for(client: httpx.AsyncClient) -> None:
    upload = {"operations": json.dumps({"query": "{ broken }"}), "map": "{}"}
    preflight = {"GraphQL-Require-Preflight": "1"}
    replies = [
        await client.get("/graphql", params={"query": "{ broken }"}),
        await client.post("/graphql", json={"query": "{ broken }"}, headers={"Accept": "application/json"}),
        await client.post("/graphql", data=upload, files={"0": b""}, headers=preflight),
    ]
    for reply in replies:
        assert "swordfish" not in reply.text
    assert [reply.json()["errors"][0]["extensions"]["code"] for reply in replies[:2]] == ["INTERNAL"] * 2
    assert replies[2].status_code == 400


async def test_errors_beyond_the_limit_are_left_out(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "{ manyBroken { spring } }")
    assert len(reply.json()["errors"]) == len(surprises(logged)) == 20
    reply = await ask(client, "{" + " nothing" * 50 + " }")
    assert len(reply.json()["errors"]) <= 20


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{ missing }", "There is no book with this id.", "NOT_FOUND"),
        ("{ refused }", "This book may not be lent.", "FORBIDDEN"),
    ],
)
async def test_an_expected_failure_says_what_it_is(
    client: httpx.AsyncClient, query: str, message: str, code: str
) -> None:
    with capture_logs() as logged:
        (error,) = (await ask(client, query)).json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, code)
    assert surprises(logged) == []


async def test_a_value_that_json_cannot_write_is_a_surprise(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "{ anything }")
    assert reply.json()["errors"][0]["extensions"]["id"] == surprises(logged)[0]["id"]


async def test_a_query_that_takes_too_long_is_stopped(connect: Connect) -> None:
    async with connect(times=TimeLimits(query=0.05)) as client:
        reply = await ask(client, "{ slow }")
    assert reply.status_code == 503
    (error,) = reply.json()["errors"]
    assert error == {"message": "The query was stopped after 0.05 seconds.", "extensions": {"code": "CANCELED"}}
