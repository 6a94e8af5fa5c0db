"""Access: hosts, origins, the access token, and requests of other pages in a browser."""

import itertools
from collections.abc import AsyncIterator

import httpx
import pytest

from settings import PREFIX, read_settings
from tests.support.own_task import in_own_task
from tests.transport.conftest import Connect, Serve
from tests.transport.probe import Probe
from tests.transport.security.raw_http import GREETING, post, status_and_body, upgrade
from tests.transport.websocket.client import open_socket

TOKEN = "correct horse battery staple"
QUERY = {"query": "{ greeting }"}
MUTATION = 'mutation { rename(title: "x") }'
FORMS = {
    "text/plain": b'{"query":"mutation { rename(title: \\"x\\") }"}',
    "application/x-www-form-urlencoded": b"query=mutation%7Brename(title:%22x%22)%7D",
    "": b'{"query":"mutation { rename(title: \\"x\\") }"}',
    "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--\r\n',
}
STRANGE_TYPES = [
    b"text/plain; application/json",
    b"text/plain, application/json",
    b"application/json, text/plain",
    b"application/json; charset=utf-7",
    b"application/json; charset=utf-16",
    b"application/json; charset*=utf-8''utf-7",
    b"application/graphql",
    b"application/jsonx",
    b"application/json/x",
    b"json",
    b"multipart/mixed; boundary=x",
]

STRANGE_HOSTS = [
    b"",
    b"Host: \r\n",
    b"Host: evil.example\r\n",
    b"Host: evil.example:8000\r\n",
    b"Host: localhost.evil.example\r\n",
    b"Host: localhost.\r\n",
    b"Host: localhost@evil.example\r\n",
    b"Host: evil.example@localhost\r\n",
    b"Host: evil.example#localhost\r\n",
    b"Host: evil.example\\localhost\r\n",
    b"Host: localhost, evil.example\r\n",
    b"Host: localhost evil.example\r\n",
    b"Host: localhost:80:80\r\n",
    b"Host: http://localhost\r\n",
    b"Host: 127.1\r\n",
    b"Host: 2130706433\r\n",
    b"Host: 0x7f.0.0.1\r\n",
    b"Host: 0.0.0.0\r\n",
    b"Host: [::1%25lo]\r\n",
    b"Host: [::1]evil.example\r\n",
    b"Host: [::ffff:127.0.0.1]\r\n",
    b"Host: [0:0:0:0:0:0:0:1]\r\n",
    "Host: lоcalhost\r\n".encode(),
    "Host: ｌocalhost\r\n".encode(),
    b"Host: xn--lcalhost-2yf\r\n",
    b"Host: localhost\r\nHost: evil.example\r\n",
    b"Host: evil.example\r\nHost: localhost\r\n",
    b"Host: localhost\r\nhost: localhost\r\n",
    b"Host: evil.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\nX-Host: localhost\r\n",
]


@pytest.fixture
async def address(serve: Serve) -> AsyncIterator[str]:
    async with in_own_task(serve()) as opened:
        yield opened


async def test_a_request_for_an_unknown_host_is_rejected(address: str) -> None:
    tried = {headers: await status_and_body(address, post(headers)) for headers in STRANGE_HOSTS}
    assert {headers: status for headers, (status, _) in tried.items()} == dict.fromkeys(STRANGE_HOSTS, 400)
    assert [headers for headers, (_, body) in tried.items() if GREETING in body] == []
    for target in (b"http://localhost/graphql", b"http://localhost@evil.example/graphql"):
        assert (await status_and_body(address, post(b"Host: evil.example\r\n", target=target)))[0] == 400
    assert GREETING in (await status_and_body(address, post(b"Host: localhost\r\n")))[1]


async def test_a_socket_for_an_unknown_host_is_rejected(address: str) -> None:
    tried = {headers: (await status_and_body(address, upgrade(headers)))[0] for headers in STRANGE_HOSTS}
    assert tried == dict.fromkeys(STRANGE_HOSTS, 400)
    assert (await status_and_body(address, upgrade(b"Host: localhost\r\n")))[0] == 101


FOREIGN_ORIGINS = [
    "null",
    "",
    "https://evil.example",
    "http://localhost:1",
    "http://localhost.",
    "http://localhost.evil.example",
    "http://evil.example@localhost",
    "http://evil.example\\@localhost",
    "http://localhost@evil.example",
    "http://localhost/",
    "http://localhost?x",
    "http://localhost#x",
    "http://localhost http://evil.example",
    "http://localhost, http://evil.example",
    "http://localhost:080000000080",
    "http://localhost:+80",
    "http://localhost:",
    "ftp://localhost",
    "file://localhost",
    "chrome-extension://localhost",
    "//localhost",
    "localhost",
    "http://[::1",
    "http://lоcalhost",
]


OWN = b"Host: localhost\r\nOrigin: http://localhost\r\n"


async def test_a_request_of_a_foreign_origin_is_rejected(address: str) -> None:
    foreign = [f"Host: localhost\r\nOrigin: {origin}\r\n".encode() for origin in FOREIGN_ORIGINS]
    doubled = [f"Origin: {origin}\r\n".encode() + OWN for origin in FOREIGN_ORIGINS]
    reversed_ = [OWN + f"Origin: {origin}\r\n".encode() for origin in FOREIGN_ORIGINS]
    for headers in (*foreign, *doubled, *reversed_):
        status, body = await status_and_body(address, post(headers))
        assert (status, GREETING in body) == (403, False), headers
    assert GREETING in (await status_and_body(address, post(OWN)))[1]


async def test_a_socket_of_a_foreign_origin_is_rejected(address: str) -> None:
    for origin in FOREIGN_ORIGINS:
        headers = f"Host: localhost\r\nOrigin: {origin}\r\n".encode()
        assert (await status_and_body(address, upgrade(headers)))[0] == 403, origin
    assert (await status_and_body(address, upgrade(OWN)))[0] == 101


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Site": "none", "Mode": "navigate", "Dest": "document"}, 200),
        ({"Site": "same-origin", "Mode": "cors", "Dest": "empty"}, 200),
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "document"}, 200),
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "iframe"}, 403),
        ({"Site": "cross-site", "Mode": "no-cors", "Dest": "image"}, 403),
        ({"Site": "same-site", "Mode": "no-cors", "Dest": "script"}, 403),
        ({"Site": "cross-site"}, 403),
        ({"Site": "unheard-of", "Mode": "no-cors"}, 403),
    ],
    ids=str,
)
async def test_an_image_or_a_script_of_another_page_starts_no_query(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    metadata = {f"Sec-Fetch-{name}": value for name, value in headers.items()}
    assert (await client.get("/graphql", params=QUERY, headers=metadata)).status_code == status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "notes.example", "127.0.0.1.evil.example"])
def test_listening_beyond_loopback_requires_an_access_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    monkeypatch.delenv(f"{PREFIX}ACCESS_TOKEN", raising=False)
    with pytest.raises(SystemExit) as ended:
        read_settings(["--host", host])
    assert ended.value.code == 2
    assert "GRAPHLORE_ACCESS_TOKEN: It must be set" in capsys.readouterr().err
    monkeypatch.setenv(f"{PREFIX}ACCESS_TOKEN", TOKEN)
    assert read_settings(["--host", host]).host == host


NO_TOKENS = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN.upper()}",
    f"Bearer {TOKEN}, Bearer {TOKEN}",
    f"Basic {TOKEN}",
    TOKEN,
    f"Bearer\t{TOKEN}",
    "Bearer ☕",
    "Bearer null",
]
CLOSED = ("/graphql", "/documents/1/original", "/metrics", "/nowhere", "/Health", "/health/", "/health/x", "/graphiql")


async def test_a_request_without_the_access_token_is_rejected(connect: Connect) -> None:
    async with connect(access_token=TOKEN) as client:
        for authorization in NO_TOKENS:
            headers = {} if authorization is None else {b"Authorization": authorization.encode()}
            for method, path in itertools.product(("GET", "POST", "PUT", "OPTIONS"), CLOSED):
                reply = await client.request(method, path, params=QUERY, headers=headers)
                assert reply.status_code == 401, (method, path, authorization)
        reply = await client.post("/graphql", json=QUERY, headers={"Authorization": f"Bearer {TOKEN}"})
        assert reply.status_code == 200


async def test_a_socket_without_the_access_token_is_closed(serve: Serve) -> None:
    async with serve(access_token=TOKEN) as address:
        for given in (*NO_TOKENS, 5, [f"Bearer {TOKEN}"], {"Bearer": TOKEN}):
            async with open_socket(address) as socket:
                await socket.send({"type": "connection_init", "payload": {"authorization": given}})
                assert await socket.close_code() == 4403, given
        async with open_socket(address) as socket:
            await socket.initialise({"Authorization": f"Bearer {TOKEN}"})


async def test_a_form_of_another_page_changes_nothing(address: str, probe: Probe) -> None:
    """Send the requests that forms and scripts can send without a preflight, and without `Origin`, as old browsers do."""
    for kind, body in FORMS.items():
        request = post(b"Host: localhost\r\n", kind=kind.encode(), body=body)
        for tried in (request, request.replace(b"Content-Type: \r\n", b"")):
            status, answer = await status_and_body(address, tried)
            assert status == (403 if kind.startswith("multipart") else 415), kind
            assert b'"data"' not in answer
    assert probe.contexts == 0, "no operation was executed"


async def test_a_body_must_be_json_in_utf_8(address: str) -> None:
    for kind in STRANGE_TYPES:
        assert (await status_and_body(address, post(b"Host: localhost\r\n", kind=kind)))[0] == 415, kind
    for first, second in ((b"text/plain", b"application/json"), (b"application/json", b"text/plain")):
        twice = post(b"Host: localhost\r\nContent-Type: " + first + b"\r\n", kind=second)
        assert (await status_and_body(address, twice))[0] == 415


@pytest.mark.parametrize("override", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
@pytest.mark.parametrize("operation", [MUTATION, "subscription { count(to: 1) }"])
async def test_get_executes_only_queries(client: httpx.AsyncClient, operation: str, override: str) -> None:
    tried = [
        {"query": operation},
        {"query": f"query A {{ greeting }} {operation.replace('{', 'B {', 1)}", "operationName": "B"},
    ]
    for parameters in tried:
        reply = await client.get("/graphql", params={**parameters, "_method": "POST"}, headers={override: "POST"})
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
        assert "data" not in reply.json()
    assert (await client.get("/graphql", params=QUERY)).json()["data"] == {"greeting": "Hello, world!"}


@pytest.mark.parametrize("path", ["/graphql", "/documents/RG9jdW1lbnQ6MQ/original", "/health", "/metrics"])
async def test_a_preflight_succeeds_on_every_route_only_for_allowed_origins(connect: Connect, path: str) -> None:
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,content-type"}
    origin = "https://notes.example"
    async with connect(allowed_origins=("https://Notes.example/",), access_token=TOKEN) as client:
        reply = await client.options(path, headers=preflight | {"Origin": origin})
        assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, origin)
        assert "access-control-allow-credentials" not in reply.headers
        for foreign in ("https://evil.example", "https://notes.example.evil.example", "null", "*"):
            reply = await client.options(path, headers=preflight | {"Origin": foreign})
            assert (reply.status_code, "access-control-allow-origin" in reply.headers) == (403, False)
    async with connect() as client:
        assert (await client.options(path, headers=preflight | {"Origin": origin})).status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "https://*.notes.example"),
        ("ALLOWED_ORIGINS", "https://notes.example,notes.example"),
        ("ALLOWED_ORIGINS", "https://notes.example/page"),
        ("ALLOWED_ORIGINS", "https://me@notes.example"),
        ("ALLOWED_ORIGINS", "app://*"),
        ("ALLOWED_ORIGINS", "app://obsidian.md/page"),
        ("ALLOWED_ORIGINS", "app:obsidian.md"),
        ("ALLOWED_ORIGINS", "javascript:alert(1)"),
        ("ALLOWED_ORIGINS", "javascript://notes.example"),
        ("ALLOWED_ORIGINS", "file://"),
        ("ALLOWED_ORIGINS", "file://localhost"),
        ("ALLOWED_ORIGINS", "DATA://x"),
        ("ALLOWED_ORIGINS", "blob://notes.example"),
        ("ALLOWED_ORIGINS", "chrome-extension://"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "*.example"),
        ("ALLOWED_HOSTS", "https://notes.example"),
        ("ALLOWED_HOSTS", "notes example"),
        ("ACCESS_TOKEN", "a token with a cup of ☕"),
        ("ACCESS_TOKEN", "a token with a blank at its end "),
    ],
)
def test_hosts_and_origins_must_be_named_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SystemExit):
        read_settings([])
    assert f"{PREFIX}{name}: " in capsys.readouterr().err
