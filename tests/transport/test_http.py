"""GraphQL over HTTP, as its specification says."""

import gzip
import json

import httpx
import pytest

from tests.transport.conftest import Connect

GRAPHQL = {"Accept": "application/graphql-response+json"}
JSON = {"Accept": "application/json"}


async def test_a_query_by_post_is_answered(client: httpx.AsyncClient) -> None:
    reply = await client.post(
        "/graphql", json={"query": "query ($n: String!) { greeting(name: $n) }", "variables": {"n": "Ada"}}
    )
    assert reply.status_code == 200
    assert reply.json() == {"data": {"greeting": "Hello, Ada!"}, "extensions": {"cost": 1}}
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json;q=0.1, application/graphql-response+json;q=0.2", "application/graphql-response+json"),
        ("*/*", "application/json"),
        ("application/*;q=0.5, text/event-stream", "application/json"),
    ],
)
async def test_the_media_type_is_the_one_that_the_client_would_rather_have(
    client: httpx.AsyncClient, accept: str, given: str
) -> None:
    reply = await client.post("/graphql", json={"query": "{ greeting }"}, headers={"Accept": accept})
    assert reply.headers["content-type"] == f"{given}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "image/png", "application/json;q=0", "application/json; charset=latin-1"]
)
async def test_what_cannot_be_written_is_not_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    assert (
        await client.post("/graphql", json={"query": "{ greeting }"}, headers={"Accept": accept})
    ).status_code == 406


async def test_a_query_by_get_is_answered(client: httpx.AsyncClient) -> None:
    parameters = {
        "query": "query A($n: String!) { greeting(name: $n) } query B { __typename }",
        "variables": json.dumps({"n": "Ada"}),
        "operationName": "A",
    }
    reply = await client.get("/graphql", params=parameters)
    assert reply.json()["data"] == {"greeting": "Hello, Ada!"}


@pytest.mark.parametrize("operation", ['mutation { rename(title: "x") }', "subscription { count(to: 1) }"])
async def test_only_queries_go_by_get(client: httpx.AsyncClient, operation: str) -> None:
    reply = await client.get("/graphql", params={"query": operation})
    assert reply.status_code == 405
    assert reply.headers["allow"] == "POST"


async def test_a_subscription_by_post_is_told_where_to_go(client: httpx.AsyncClient) -> None:
    reply = await client.post("/graphql", json={"query": "subscription { count(to: 1) }"})
    assert reply.status_code == 400
    assert "graphql-transport-ws" in reply.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    reply = await client.request(method, "/graphql")
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "body",
    [
        b"5",
        b"null",
        b'"{ greeting }"',
        b"[]",
        b'[{"query":"{ greeting }"}]',
        b"{}",
        b'{"query":5}',
        b'{"query":null}',
        b'{"query":"{ greeting }","variables":5}',
        b'{"query":"{ greeting }","variables":[]}',
        b'{"query":"{ greeting }","operationName":5}',
        b'{"query":"{ greeting }","extensions":"x"}',
        b"{",
        b"",
        b"\xff\xfe",
        b'{"query":"\\ud800"}',
        b'{"query":"{ greeting }","variables":{"x":' + b"[" * 200 + b"]" * 200 + b"}}",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_what_is_no_request_gets_400_and_an_error(
    client: httpx.AsyncClient, body: bytes, accept: dict[str, str]
) -> None:
    reply = await client.post("/graphql", content=body, headers={"Content-Type": "application/json", **accept})
    assert reply.status_code == 400
    (error,) = reply.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in reply.json()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ greeting(name: " + "9" * 10_000 + ") }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { books(first: $n) { totalCount } }", "BAD_USER_INPUT"),
        ("query A { greeting } query B { greeting }", "BAD_REQUEST"),
        ("fragment A on Query { greeting }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "greeting " * 2_100 + "}", "GRAPHQL_PARSE_FAILED"),
        ("{ books { nodes " * 90 + "}" * 180, "TOO_LARGE"),
        ("{ books { nodes " * 150 + "}" * 300, "GRAPHQL_PARSE_FAILED"),
        ("{ a" * 900 + "}" * 900, "GRAPHQL_PARSE_FAILED"),
        ("{ read(source: {text: $none}) }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query { read(source: {text: $t}) } query ($t: String!) { ...A }", None),
    ],
)
async def test_an_operation_that_cannot_run_has_errors_and_no_data(
    client: httpx.AsyncClient, query: str, code: str | None
) -> None:
    strict = await client.post("/graphql", json={"query": query, "variables": {"t": "x"}}, headers=GRAPHQL)
    plain = await client.post("/graphql", json={"query": query, "variables": {"t": "x"}}, headers=JSON)
    assert plain.status_code == 200
    assert strict.json() == plain.json()
    if code is None:
        assert strict.json()["data"] == {"read": "read"}
    else:
        assert strict.status_code == 400
        assert {error["extensions"]["code"] for error in strict.json()["errors"]} == {code}
        assert "data" not in strict.json()


async def test_a_body_of_another_type_is_not_read(client: httpx.AsyncClient) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""):
        headers = {"Content-Type": content_type} if content_type else {}
        reply = await client.post("/graphql", content=b'{"query":"{ greeting }"}', headers=headers)
        assert reply.status_code == 415, content_type


@pytest.mark.parametrize("count", [1, 2, 50])
async def test_a_batch_is_refused(client: httpx.AsyncClient, count: int) -> None:
    reply = await client.post("/graphql", json=[{"query": "{ greeting }"}] * count)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in reply.json()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
async def test_a_compressed_body_is_not_unpacked(client: httpx.AsyncClient, encoding: str) -> None:
    """A few bytes could become gigabytes."""
    body = gzip.compress(b'{"query":"{ greeting }"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    reply = await client.post("/graphql", content=body, headers=headers)
    assert reply.status_code in (400, 415)
    assert "data" not in reply.json()


async def test_a_body_beyond_the_limit_is_too_large(client: httpx.AsyncClient) -> None:
    reply = await client.post("/graphql", json={"query": "{ greeting }", "variables": {"x": "y" * (1 << 20)}})
    assert reply.status_code == 413
    assert reply.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"


async def test_suggestions_and_the_schema_are_there_with_introspection_alone(connect: Connect) -> None:
    async with connect(introspection=True) as client:
        reply = await client.post("/graphql", json={"query": "{ greetin }"})
        assert "greeting" in reply.json()["errors"][0]["message"]
    async with connect(introspection=False) as client:
        reply = await client.post("/graphql", json={"query": "{ greetin }"})
        assert "greeting" not in reply.text.replace("greetin'", "")
        for query in ("{ __schema { description } }", '{ __type(name: "Book") { name } }'):
            reply = await client.post("/graphql", json={"query": query}, headers=GRAPHQL)
            assert reply.status_code == 400
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).json()["data"] == {
            "__typename": "Query"
        }
