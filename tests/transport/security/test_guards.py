"""The guards of hosts, origins and the access token, with CORS, health paths and the root path of a proxy."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.transport.conftest import Connect, Serve
from tests.transport.security.raw_http import status_and_body
from tests.transport.websocket.client import open_socket

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
async def test_requests_are_served_only_for_known_hosts(connect: Connect, host: str, status: int) -> None:
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
async def test_requests_are_served_only_for_known_origins(connect: Connect, origin: str, status: int) -> None:
    async with connect(allowed_origins=("https://notes.example",)) as client:
        reply = await client.post("/graphql", json=QUERY, headers={"Origin": origin})
        assert reply.status_code == status


async def test_a_socket_is_opened_only_for_known_hosts_and_origins(serve: Serve) -> None:
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


async def test_allowed_origins_can_use_every_route_after_a_preflight(connect: Connect) -> None:
    preflight = {
        "Origin": "https://notes.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization,graphql-require-preflight",
    }
    async with connect(allowed_origins=("https://notes.example",), access_token=TOKEN) as client:
        for path in ("/graphql", "/documents/1/original", "/health", "/metrics"):
            reply = await client.options(path, headers=preflight)
            assert reply.status_code == 200
            assert reply.headers["access-control-allow-origin"] == "https://notes.example"
        headers = {"Origin": "https://notes.example", "Authorization": f"Bearer {TOKEN}"}
        reply = await client.post("/graphql", json=QUERY, headers=headers)
        assert reply.headers["access-control-allow-origin"] == "https://notes.example"
    async with connect() as client:
        assert (await client.options("/graphql", headers=preflight)).status_code == 403


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ☕"]
)
async def test_requests_without_the_token_are_rejected(connect: Connect, authorization: str | None) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    async with connect(access_token=TOKEN) as client:
        reply = await client.post("/graphql", json=QUERY, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await client.get("/graphql", params=QUERY, headers=headers)).status_code == 401
        assert (await client.get("/documents/1/original", headers=headers)).status_code == 401


async def test_requests_with_the_token_are_served_and_the_page_needs_none(connect: Connect) -> None:
    async with connect(access_token=TOKEN) as client:
        headers = {"Authorization": f"bearer {TOKEN}"}
        assert (await client.post("/graphql", json=QUERY, headers=headers)).status_code == 200
        assert (await client.get("/documents/1/original", headers=headers)).status_code == 404
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/graphiql/page.js")).status_code == 200


async def test_a_socket_accepts_the_token_in_its_headers_and_in_its_initialisation(serve: Serve) -> None:
    bearer = f"Bearer {TOKEN}"
    async with serve(access_token=TOKEN) as address:
        async with open_socket(address, additional_headers={"Authorization": bearer}) as socket:
            await socket.initialise()
        async with open_socket(address) as socket:
            await socket.initialise({"Authorization": bearer})
        for payload in ({}, {"authorization": "Bearer wrong"}, {"authorization": 5}, {"token": TOKEN}):
            async with open_socket(address) as socket:
                await socket.send({"type": "connection_init", "payload": payload})
                assert await socket.close_code() == 4403


async def test_every_response_has_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql?query={__typename}", "/nowhere", "/graphiql/page.js"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]


APPS = (
    "tauri://localhost",
    "app://obsidian.md",
    "app://-",
    "capacitor://localhost",
    "ionic://localhost",
    "chrome-extension://flnheeellpciglgpaodhkhmapeoopldn",
    "moz-extension://5d0b3c1e-6a1b-4f0e-9c66-2f1f3f4c9c11",
    "safari-web-extension://5D0B3C1E-6A1B-4F0E-9C66-2F1F3F4C9C11",
    "vscode-webview://0a1b",
)


@pytest.mark.parametrize("allowed", APPS)
async def test_the_origin_of_an_app_is_served_only_where_it_is_allowed(connect: Connect, allowed: str) -> None:
    async with connect(allowed_origins=(allowed,)) as client:
        for origin in APPS:
            reply = await client.post("/graphql", json=QUERY, headers={"Origin": origin})
            assert (reply.status_code == 200) is (origin == allowed), origin
            assert (reply.headers.get("access-control-allow-origin") == origin) is (origin == allowed)


async def test_a_socket_is_opened_for_the_origin_of_an_allowed_app(serve: Serve) -> None:
    async with serve(allowed_origins=("tauri://localhost",)) as address:
        async with open_socket(address, origin="tauri://localhost") as socket:
            await socket.initialise()
        for origin in ("tauri://localhost.evil.example", "tauri://other", "app://obsidian.md"):
            with pytest.raises(InvalidStatus, match="403"):
                async with open_socket(address, origin=origin):
                    pass


CLIENT_HEADERS = [
    "content-type",
    "content-type,authorization,apollo-require-preflight",
    "apollographql-client-name,apollographql-client-version,content-type",
    "x-apollo-operation-name,x-apollo-operation-type",
    "graphql-client-name,graphql-client-version",
    "traceparent,tracestate,baggage",
    "sentry-trace,baggage",
    "x-datadog-trace-id,x-datadog-parent-id,x-datadog-origin,x-datadog-sampling-priority,x-datadog-tags",
    "b3,x-b3-traceid,x-b3-spanid,x-b3-sampled,x-b3-parentspanid",
    "newrelic,elastic-apm-traceparent,request-id,request-context,uber-trace-id",
    "x-request-id,x-correlation-id,cache-control,pragma,if-none-match,range",
]


@pytest.mark.parametrize("headers", CLIENT_HEADERS)
async def test_pages_of_allowed_origins_can_send_the_headers_of_usual_clients(connect: Connect, headers: str) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": headers}
    async with connect(allowed_origins=("http://localhost:5173",), access_token=TOKEN) as client:
        reply = await client.options("/graphql", headers={"Origin": "http://localhost:5173", **preflight})
        assert reply.status_code == 200
        allowed = {name.strip().lower() for name in reply.headers["access-control-allow-headers"].split(",")}
        assert set(headers.split(",")) <= allowed
        reply = await client.options("/graphql", headers={"Origin": "http://evil.example", **preflight})
        assert (reply.status_code, "access-control-allow-headers" in reply.headers) == (403, False)


async def test_pages_of_allowed_origins_can_read_the_id_of_a_request_and_the_name_of_a_file(connect: Connect) -> None:
    async with connect(allowed_origins=("http://localhost:5173",)) as client:
        reply = await client.post("/graphql", json=QUERY, headers={"Origin": "http://localhost:5173"})
    exposed = reply.headers["access-control-expose-headers"].lower()
    assert {"x-request-id", "content-disposition", "etag"} <= {name.strip() for name in exposed.split(",")}


async def test_a_preflight_for_a_private_network_is_accepted_from_allowed_origins(connect: Connect) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    async with connect(allowed_origins=("https://notes.example",)) as client:
        reply = await client.options("/graphql", headers={"Origin": "https://notes.example", **preflight})
    assert (reply.status_code, reply.headers["access-control-allow-private-network"]) == (200, "true")


@pytest.mark.parametrize("path", ["/health", "/health/live"])
@pytest.mark.parametrize("host", ["10.244.0.5:8000", "graphlore", "[fd00::12]:8000", "evil.example", ""])
async def test_health_checks_are_served_for_every_host(connect: Connect, path: str, host: str) -> None:
    async with connect(access_token=TOKEN) as client:
        assert (await client.get(path, headers={"Host": host})).status_code == 404, "the route is the server's"
        for other in ("/graphql", "/metrics", f"{path}/", f"{path}x", "/"):
            assert (await client.get(other, headers={"Host": host})).status_code == 400


async def test_health_checks_are_served_without_a_host(serve: Serve) -> None:
    async with serve() as address:
        for request in (b"GET /health HTTP/1.0\r\n\r\n", b"GET /health/live HTTP/1.0\r\n\r\n"):
            assert (await status_and_body(address, request))[0] == 404, "the route is the server's"
        assert (await status_and_body(address, b"GET /graphql HTTP/1.0\r\n\r\n"))[0] == 400


async def test_a_page_of_another_origin_cannot_read_health_checks(connect: Connect) -> None:
    async with connect() as client:
        assert (await client.get("/health", headers={"Origin": "https://evil.example"})).status_code == 403


@pytest.mark.parametrize("prefix", ["", "/box/graphlore"])
async def test_requests_are_served_with_and_without_the_root_path(connect: Connect, prefix: str) -> None:
    async with connect(root_path="/box/graphlore", access_token=TOKEN) as client:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.post(f"{prefix}/graphql", json=QUERY, headers=bearer)).status_code == 200
        assert (await client.post(f"{prefix}/graphql", json=QUERY)).status_code == 401
        assert (await client.get(f"{prefix}/", headers={"Accept": "text/html"})).status_code == 200
        assert (await client.get(f"{prefix}/graphiql/page.js")).status_code == 200
        assert (await client.get(f"{prefix}/documents/1/original")).status_code == 401
        assert (await client.get(f"{prefix}/health", headers={"Host": "10.0.0.1"})).status_code == 404


async def test_the_root_path_without_a_slash_is_redirected(connect: Connect) -> None:
    async with connect(root_path="/graphlore") as client:
        reply = await client.get("/graphlore")
        assert (reply.status_code, reply.headers["location"]) == (307, "/graphlore/")
        assert (await client.get("/graphlorex/graphql")).status_code == 404


async def test_a_socket_is_opened_below_the_root_path(serve: Serve) -> None:
    async with serve(root_path="/graphlore") as address, open_socket(f"{address}/graphlore") as socket:
        await socket.initialise()
        await socket.subscribe("1", "{ greeting }")
        assert len(await socket.until_complete("1")) == 1
