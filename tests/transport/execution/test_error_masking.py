"""Errors as clients receive them and as they are logged."""

import json
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from concurrency.error_boundary import unexpected_error_message
from tests.transport.conftest import Connect
from transport.execution.operations import TimeLimits


def unexpected_errors(logged: list[Any]) -> list[Any]:
    """Return the log lines except those of requests and operations."""
    return [line for line in logged if line["event"] not in ("operation", "request")]


async def ask(client: httpx.AsyncClient, query: str) -> httpx.Response:
    headers = {"Accept": "application/graphql-response+json"}
    return await client.post("/graphql", json={"query": query, "variables": {"secret": "sesame"}}, headers=headers)


async def test_an_unexpected_error_is_masked_and_logged_once_with_the_id_of_the_response(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "query Q { broken greeting }")
    assert reply.status_code == 200
    assert reply.json()["data"] == {"broken": None, "greeting": "Hello, world!"}
    (error,) = reply.json()["errors"]
    assert error["path"] == ["broken"]
    shown = error["extensions"]["id"]
    assert error["extensions"] == {"code": "INTERNAL", "id": shown}
    assert error["message"] == unexpected_error_message(shown)
    assert "swordfish" not in reply.text
    (line,) = unexpected_errors(logged)
    assert (line["incident"], line["operation"], line["path"]) == (shown, "Q", "broken")
    assert "swordfish" in str(line["exc_info"])
    assert "sesame" not in str(line)


async def test_an_unexpected_error_is_masked_for_every_kind_of_request(client: httpx.AsyncClient) -> None:
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


async def test_errors_above_the_limit_are_dropped(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "{ manyBroken { spring } }")
    assert len(reply.json()["errors"]) == len(unexpected_errors(logged)) == 20
    reply = await ask(client, "{" + " nothing" * 50 + " }")
    assert len(reply.json()["errors"]) <= 20


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{ missing }", "There is no book with this id.", "NOT_FOUND"),
        ("{ refused }", "This book may not be lent.", "FORBIDDEN"),
    ],
)
async def test_an_expected_failure_has_its_message_and_code(
    client: httpx.AsyncClient, query: str, message: str, code: str
) -> None:
    with capture_logs() as logged:
        (error,) = (await ask(client, query)).json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, code)
    assert unexpected_errors(logged) == []


async def test_a_value_that_json_cannot_represent_is_an_unexpected_error(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        reply = await ask(client, "{ anything }")
    assert reply.json()["errors"][0]["extensions"]["id"] == unexpected_errors(logged)[0]["incident"]


async def test_a_query_above_its_time_limit_is_canceled(connect: Connect) -> None:
    async with connect(times=TimeLimits(query=0.05)) as client:
        reply = await ask(client, "{ slow }")
    assert reply.status_code == 503
    (error,) = reply.json()["errors"]
    message = "The query exceeded its time limit of 0.05 seconds and was canceled."
    assert error == {"message": message, "extensions": {"code": "CANCELED"}}
