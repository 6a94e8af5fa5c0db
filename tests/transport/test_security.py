"""The guards at the door, line by line."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.transport.conftest import Connect, Serve
from tests.transport.sockets import open_socket

TOKEN = "correct horse battery staple"
QUERY = {"query": "{ greeting }"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("LOCALHOST", 200),
        ("notes.lan:8000", 200),
        ("paper.lan", 200),
        ("[fd00::7]:8000", 200),
        ("evil.example", 400),
        ("evil.example:8000", 400),
        ("localhost.evil.example", 400),
        ("localhost@evil.example", 400),
        ("127.0.0.1:x", 400),
        ("localhost/", 400),
        ("", 400),
    ],
)
async def test_only_names_that_are_known_are_served(connect: Connect, host: str, status: int) -> None:
    async with connect(allowed_hosts=("notes.lan", "paper.lan:8000", "fd00::7")) as client:
        reply = await client.post("/graphql", json=QUERY, headers={"Host": host})
        assert reply.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("https://localhost:8000", 200),
        ("https://notes.example", 200),
        ("http://localhost", 403),
        ("http://localhost:3000", 403),
        ("https://evil.example", 403),
        ("https://notes.example.evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
async def test_only_pages_of_known_origins_are_served(connect: Connect, origin: str, status: int) -> None:
    async with connect(allowed_origins=("https://notes.example",)) as client:
        reply = await client.post("/graphql", json=QUERY, headers={"Origin": origin})
        assert reply.status_code == status


async def test_a_socket_is_opened_for_known_hosts_and_origins_alone(serve: Serve) -> None:
    async with serve() as address:
        async with open_socket(address, origin=f"http://{address}") as socket:
            await socket.initialise()
        with pytest.raises(InvalidStatus, match="403"):
            async with open_socket(address, origin="https://evil.example"):
                pass
        host, port = address.split(":")
        with pytest.raises(InvalidStatus, match="400"):
            async with open_socket(f"evil.example:{port}", host=host):
                pass


async def test_allowed_origins_may_use_every_route_after_a_preflight(connect: Connect) -> None:
    asked = {
        "Origin": "https://notes.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization,graphql-require-preflight",
    }
    async with connect(allowed_origins=("https://notes.example",), access_token=TOKEN) as client:
        for path in ("/graphql", "/documents/1/original", "/health", "/metrics"):
            reply = await client.options(path, headers=asked)
            assert reply.status_code == 200
            assert reply.headers["access-control-allow-origin"] == "https://notes.example"
        headers = {"Origin": "https://notes.example", "Authorization": f"Bearer {TOKEN}"}
        reply = await client.post("/graphql", json=QUERY, headers=headers)
        assert reply.headers["access-control-allow-origin"] == "https://notes.example"
    async with connect() as client:
        assert (await client.options("/graphql", headers=asked)).status_code == 403


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ☕"]
)
async def test_without_the_token_nothing_is_answered(connect: Connect, authorization: str | None) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    async with connect(access_token=TOKEN) as client:
        reply = await client.post("/graphql", json=QUERY, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await client.get("/graphql", params=QUERY, headers=headers)).status_code == 401
        assert (await client.get("/documents/1/original", headers=headers)).status_code == 401


async def test_with_the_token_everything_is_and_the_page_needs_none(connect: Connect) -> None:
    async with connect(access_token=TOKEN) as client:
        headers = {"Authorization": f"bearer {TOKEN}"}
        assert (await client.post("/graphql", json=QUERY, headers=headers)).status_code == 200
        assert (await client.get("/documents/1/original", headers=headers)).status_code == 404
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/graphiql/page.js")).status_code == 200


async def test_a_socket_takes_the_token_from_its_headers_or_its_introduction(serve: Serve) -> None:
    bearer = f"Bearer {TOKEN}"
    async with serve(access_token=TOKEN) as address:
        async with open_socket(address, additional_headers={"Authorization": bearer}) as socket:
            await socket.initialise()
        async with open_socket(address) as socket:
            await socket.initialise({"Authorization": bearer})
        for payload in ({}, {"authorization": "Bearer wrong"}, {"authorization": 5}, {"token": TOKEN}):
            async with open_socket(address) as socket:
                await socket.send({"type": "connection_init", "payload": payload})
                assert await socket.closed_with() == 4403


async def test_every_answer_tells_browsers_what_not_to_do(client: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql?query={__typename}", "/nowhere", "/graphiql/page.js"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
