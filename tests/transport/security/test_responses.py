"""Responses: the schema only if it is allowed, no text of unexpected exceptions, security headers."""

import json

import httpx
import pytest
from graphql import get_introspection_query
from structlog.testing import capture_logs

from tests.transport.conftest import Connect, Serve
from tests.transport.test_graphiql_page import BROWSER
from tests.transport.uploads.test_uploads import PREFLIGHT
from tests.transport.websocket.client import open_socket
from transport.execution.operations import TimeLimits

SECRET = "swordfish"
MAP = '{"0": ["variables.file"]}'


async def by_every_transport(address: str, query: str) -> dict[str, str]:
    """Send a query over each transport and return the responses as text."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as client, open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", query)
        texts = {"operations": json.dumps({"query": query, "variables": {"file": None}}), "map": MAP}
        return {
            "POST": (await client.post("/graphql", json={"query": query})).text,
            "GET": (await client.get("/graphql", params={"query": query})).text,
            "multipart": (await client.post("/graphql", data=texts, files={"0": b"x"}, headers=PREFLIGHT)).text,
            "WebSocket": json.dumps(await socket.until_complete("1")),
        }


async def test_introspection_works_only_if_it_is_allowed(serve: Serve) -> None:
    asked = (
        get_introspection_query(),
        '{ __type(name: "Book") { name } }',
        "{ ...S } fragment S on Query { __schema { description } }",
    )
    for allowed in (True, False):
        async with serve(introspection=allowed) as address:
            for query in asked:
                answers = await by_every_transport(address, query)
                assert {way: '"data"' in text for way, text in answers.items()} == dict.fromkeys(answers, allowed)
            assert all("Query" in text for text in (await by_every_transport(address, "{ __typename }")).values())


async def test_names_are_suggested_only_with_introspection(serve: Serve) -> None:
    misspelled = (
        ("{ greetin }", "greeting"),
        ("{ books { nodes { titel } } }", "title"),
        ("{ greeting(nam: 1) }", "name"),
        ("query ($i: SearchInpt!) { search(input: $i) { title } }", "SearchInput"),
        ('{ search(input: {words: "x", topk: 1}) { title } }', "topK"),
    )
    for allowed in (True, False):
        async with serve(introspection=allowed) as address:
            for query, name in misspelled:
                for way, text in (await by_every_transport(address, query)).items():
                    assert (f"Did you mean '{name}'?" in text) is allowed, (way, query)
                    assert ("Did you mean" in text) is allowed


async def test_graphiql_is_served_only_if_it_is_allowed(connect: Connect) -> None:
    for allowed in (True, False):
        async with connect(graphiql=allowed) as client:
            for path in ("/", "/graphql", "/graphiql/page.js", "/graphiql/graphiql.min.js"):
                reply = await client.get(path, headers=BROWSER)
                assert (reply.status_code == 200) is allowed, path
                assert allowed or "<" not in reply.text
            assert (await client.get("/graphql", params={"query": "{ greeting }"})).status_code == 200


@pytest.mark.parametrize("query", ["{ broken }", "{ manyBroken { spring } }", "{ anything }"])
async def test_the_text_of_an_unexpected_exception_reaches_no_client_on_any_transport(serve: Serve, query: str) -> None:
    async with serve() as address:
        with capture_logs() as logged:
            answers = await by_every_transport(address, query)
    for way, text in answers.items():
        assert '"INTERNAL"' in text, way
        assert "An unexpected error occurred on the server." in text
        assert not any(word in text for word in (SECRET, "snap", "Traceback", ".py", "UnexpectedCondition", "64-bit"))
    shown = {line["incident"] for line in logged if line["event"] == "unexpected error"}
    assert all(any(own in text for own in shown) for text in answers.values()), "each id can be found in the log"


async def test_the_text_of_an_exception_that_ends_a_stream_reaches_no_client(serve: Serve) -> None:
    async with serve() as address, open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { breaking }")
        text = json.dumps(await socket.until_complete("1"))
    assert "INTERNAL" in text
    assert SECRET not in text


async def test_every_response_has_security_headers(serve: Serve) -> None:
    token = "correct horse battery staple"
    tried = [
        ("GET", "/", BROWSER),
        ("GET", "/graphql", BROWSER),
        ("GET", "/graphiql/page.js", {}),
        ("GET", "/graphql?query={__typename}", {}),
        ("POST", "/graphql", {}),
        ("GET", "/documents/1/original", {}),
        ("GET", "/nowhere", {}),
        ("GET", "/health", {"Host": "evil.example"}),
        ("GET", "/health", {"Origin": "https://evil.example"}),
    ]
    async with serve(access_token=token) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        for method, path, headers in tried:
            received = (await client.request(method, path, headers=headers)).headers
            assert received["x-content-type-options"] == "nosniff", path
            assert received["x-frame-options"] == "DENY"
            assert received["referrer-policy"] == "same-origin"
            assert received["cross-origin-resource-policy"] == received["cross-origin-opener-policy"] == "same-origin"
            assert "default-src 'none'" in received["content-security-policy"]
            assert "frame-ancestors 'none'" in received["content-security-policy"]


async def test_the_page_runs_only_scripts_of_this_server(client: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql"):
        policy = (await client.get(path, headers=BROWSER)).headers["content-security-policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["connect-src"] == "'self'"
        assert {rules[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert "unsafe" not in policy
        assert "*" not in policy


LIMITS = TimeLimits(query=0.05, mutation=0.05)


@pytest.mark.parametrize(("query", "kind"), [("{ slow }", "query"), ("mutation { slowly }", "mutation")])
async def test_an_operation_above_its_time_limit_is_canceled_on_every_transport(
    serve: Serve, query: str, kind: str
) -> None:
    async with serve(times=LIMITS) as address:
        answers = await by_every_transport(address, query)
    if kind == "mutation":
        assert "must be sent by POST" in answers.pop("GET")
    for way, text in answers.items():
        assert f"The {kind} exceeded its time limit of 0.05 seconds and was canceled." in text, way
        assert '"CANCELED"' in text


async def test_a_stream_that_does_not_begin_within_the_time_limit_is_canceled(serve: Serve) -> None:
    async with serve(times=LIMITS) as address, open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { neverBegins }")
        (errors,) = await socket.until_complete("1")
    assert errors[0]["extensions"]["code"] == "CANCELED"
