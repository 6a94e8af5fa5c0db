"""GraphQL over HTTP, by its specification."""

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
async def test_the_response_has_the_media_type_that_the_client_prefers(
    client: httpx.AsyncClient, accept: str, given: str
) -> None:
    reply = await client.post("/graphql", json={"query": "{ greeting }"}, headers={"Accept": accept})
    assert reply.headers["content-type"] == f"{given}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "image/png", "application/json;q=0", "application/json; charset=latin-1"]
)
async def test_a_request_for_other_media_types_is_not_acceptable(client: httpx.AsyncClient, accept: str) -> None:
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
async def test_only_queries_are_accepted_by_get(client: httpx.AsyncClient, operation: str) -> None:
    reply = await client.get("/graphql", params={"query": operation})
    assert reply.status_code == 405
    assert reply.headers["allow"] == "POST"


async def test_a_subscription_by_post_is_rejected_with_the_right_protocol(client: httpx.AsyncClient) -> None:
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
        b'{"query":"{ greeting }","variables":{"x":' + b"[" * 200 + b"]" * 200 + b"}}",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_an_invalid_request_gets_400_and_an_error(
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


async def test_a_body_of_another_type_is_rejected(client: httpx.AsyncClient) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""):
        headers = {"Content-Type": content_type} if content_type else {}
        reply = await client.post("/graphql", content=b'{"query":"{ greeting }"}', headers=headers)
        assert reply.status_code == 415, content_type


@pytest.mark.parametrize("count", [1, 2, 50])
async def test_a_batch_is_rejected(client: httpx.AsyncClient, count: int) -> None:
    reply = await client.post("/graphql", json=[{"query": "{ greeting }"}] * count)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in reply.json()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
async def test_a_compressed_body_is_not_decompressed(client: httpx.AsyncClient, encoding: str) -> None:
    """A few bytes could expand to gigabytes."""
    body = gzip.compress(b'{"query":"{ greeting }"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    reply = await client.post("/graphql", content=body, headers=headers)
    assert reply.status_code in (400, 415)
    assert "data" not in reply.json()


async def test_a_body_above_the_limit_is_too_large(client: httpx.AsyncClient) -> None:
    reply = await client.post("/graphql", json={"query": "{ greeting }", "variables": {"x": "y" * (1 << 20)}})
    assert reply.status_code == 413
    assert reply.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"


async def test_suggestions_and_the_schema_need_introspection(connect: Connect) -> None:
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


GREET = "query ($n: String!) { greeting(name: $n) }"
HALF_PAIR = '"Trip \\ud83d"'
"""Half a surrogate pair, as JavaScript writes a string that was cut inside an emoji."""


async def test_half_a_surrogate_pair_is_replaced_in_the_response(client: httpx.AsyncClient) -> None:
    bodies = [
        f'{{"query":"{GREET}","variables":{{"n":{HALF_PAIR}}}}}',
        f'{{"query":"{GREET}","variables":{{"n":{HALF_PAIR},"big":12345678901234567890123,"x":[1.5e3,null,true]}}}}',
    ]
    for body in bodies:
        reply = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
        assert reply.json()["data"] == {"greeting": "Hello, Trip \N{REPLACEMENT CHARACTER}!"}
    reply = await client.get("/graphql", params={"query": GREET, "variables": f'{{"n":{HALF_PAIR}}}'})
    assert reply.json()["data"] == {"greeting": "Hello, Trip \N{REPLACEMENT CHARACTER}!"}


async def test_a_whole_surrogate_pair_is_a_character(client: httpx.AsyncClient) -> None:
    body = f'{{"query":"{GREET}","variables":{{"n":"\\ud83e\\udd89 \\ud83d"}}}}'
    reply = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert reply.json()["data"] == {"greeting": "Hello, \N{OWL} \N{REPLACEMENT CHARACTER}!"}


@pytest.mark.parametrize(
    "variables",
    [
        f'{{"n":{HALF_PAIR},"x":NaN}}',
        f'{{"n":{HALF_PAIR},"x":-Infinity}}',
        f'{{"n":{HALF_PAIR},"x":1e400}}',
        f'{{"n":{HALF_PAIR},"x":1{"0" * 400}}}',
        f'{{"n":{HALF_PAIR},"x":{"9" * 900_000}}}',
        f'{{"n":{HALF_PAIR},"x":01}}',
        f'{{"n":{HALF_PAIR},}}',
        f'{{"n":{HALF_PAIR},"x":{"[" * 100_000}{"]" * 100_000}}}',
    ],
    ids=range(8),
)
async def test_invalid_json_with_half_a_surrogate_pair_is_rejected(client: httpx.AsyncClient, variables: str) -> None:
    body = f'{{"query":"{GREET}","variables":{variables}}}'
    for content in (body.encode(), b"\xef\xbb\xbf" + body.encode(), body.encode() + b"\xff"):
        reply = await client.post("/graphql", content=content, headers={"Content-Type": "application/json"})
        assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"query":"\\ud800"}', "GRAPHQL_PARSE_FAILED"),
        ('{"query":"{ greeting }","operationName":"\\ud800"}', "BAD_REQUEST"),
        ('{"query":"{ greeting(name: 1) # \\ud800"}', "GRAPHQL_PARSE_FAILED"),
        (
            '{"query":"query ($n: Int!) { books(first: $n) { totalCount } }","variables":{"n":"\\ud800"}}',
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_an_error_that_quotes_half_a_surrogate_pair_can_be_encoded(
    client: httpx.AsyncClient, body: str, code: str
) -> None:
    reply = await client.post("/graphql", content=body, headers={"Content-Type": "application/json", **GRAPHQL})
    assert {error["extensions"]["code"] for error in reply.json()["errors"]} == {code}
    assert "data" not in reply.json()


PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}
NOT_SUPPORTED = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize(
    "request_",
    [
        {"extensions": PERSISTED},
        {"query": None, "extensions": PERSISTED},
        {"query": "", "extensions": PERSISTED, "variables": {"n": "x"}, "operationName": "Greet"},
        {"extensions": {**PERSISTED, "clientLibrary": {"name": "@apollo/client"}}},
    ],
)
async def test_the_hash_of_a_persisted_query_is_answered_so_that_clients_send_the_query(
    client: httpx.AsyncClient, request_: dict[str, object], accept: dict[str, str]
) -> None:
    by_post = await client.post("/graphql", json=request_, headers=accept)
    parameters = {name: value if isinstance(value, str) else json.dumps(value) for name, value in request_.items()}
    by_get = await client.get("/graphql", params={k: v for k, v in parameters.items() if v != "null"}, headers=accept)
    for reply in (by_post, by_get):
        assert (reply.status_code, reply.json()) == (200, {"errors": [NOT_SUPPORTED]})


async def test_a_query_beside_its_hash_is_executed(client: httpx.AsyncClient) -> None:
    reply = await client.post("/graphql", json={"query": "{ greeting }", "extensions": PERSISTED})
    assert reply.json()["data"] == {"greeting": "Hello, world!"}


@pytest.mark.parametrize("extensions", [{"persistedQuery": "abc"}, {"persistedQuery": None}, {}, {"other": PERSISTED}])
async def test_a_request_without_a_query_and_without_a_hash_is_invalid(
    client: httpx.AsyncClient, extensions: dict[str, object]
) -> None:
    reply = await client.post("/graphql", json={"extensions": extensions})
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
