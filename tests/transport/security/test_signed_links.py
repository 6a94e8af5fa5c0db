"""Signed links: each opens one path for reading and expires."""

import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from records.access import AccessScope, Role, Viewer
from records.ids import LoginId, UserId
from services.ingestion import IncomingFiles
from tests.fakes.authentication import FakeAuthentication
from transport import Download, Links, TransportSettings, create_middleware, download_route
from transport.security.signed_links import VALID_SECONDS

TOKEN = "open sesame"  # used only in this test
PATH = "/documents/1/original"
KEY = b"a key of thirty-two bytes, right"
USER = Viewer(AccessScope(UserId(7), Role.USER), login_id=LoginId(3))


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def accepts(links: Links, link: str, method: str = "GET") -> bool:
    address = urlsplit(link)
    return links.find_holder(method, address.path, dict(parse_qsl(address.query))) is not None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_opens_its_path(method: str) -> None:
    links = Links(KEY)
    assert accepts(links, links.sign(PATH, USER), method)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get"])
def test_a_link_is_valid_only_for_reading(method: str) -> None:
    links = Links(KEY)
    assert not accepts(links, links.sign(PATH, USER), method)


def test_a_link_expires() -> None:
    clock = Clock()
    links = Links(KEY, clock)
    link = links.sign(PATH, USER)
    clock.now += VALID_SECONDS
    assert accepts(links, link)
    clock.now += 1
    assert not accepts(links, link)


def test_no_part_of_a_link_can_be_changed() -> None:
    links = Links(KEY)
    link = links.sign(PATH, USER)
    expires = link.partition("expires=")[2].partition("&")[0]
    changed = [
        link.replace("/1/", "/2/"),
        link.replace(expires, str(int(expires) + 1)),
        link.replace(expires, f"0{expires}"),
        link.replace(expires, f"+{expires}"),
        link.replace(expires, ""),
        link.replace(expires, "٣" * 10),
        link.replace("user=7", "user=8"),
        link.replace("user=7", "user=07"),
        link.replace("user=7", "user=-7"),
        link.replace("user=7", "user="),
        link.replace("user=7&", ""),
        link.replace("login=3", "login=0"),
        link.replace("login=3&", ""),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link[:-1],
        link.partition("&")[0],
        PATH,
    ]
    assert [accepts(links, each) for each in changed] == [False] * len(changed)


def test_a_link_belongs_to_its_user() -> None:
    links = Links(KEY)
    other = Viewer(AccessScope(UserId(8), Role.USER))
    first, second = (urlsplit(links.sign(PATH, viewer)) for viewer in (USER, other))
    assert links.find_holder("GET", PATH, dict(parse_qsl(first.query))) == (7, 3)
    assert links.find_holder("GET", PATH, dict(parse_qsl(second.query))) == (8, None)
    for mixed in ({"user": "7"}, {"login": "3"}, {"user": "7", "login": "3"}):
        assert links.find_holder("GET", PATH, dict(parse_qsl(second.query)) | mixed) is None


def test_a_new_key_invalidates_old_links() -> None:
    assert not accepts(Links(b"another"), Links(KEY).sign(PATH, USER))


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    file = tmp_path / "kept"
    file.write_bytes(b"<script>alert(1)</script>")

    async def find(_: Request, key: str) -> Download | None:
        return Download(file, 'a"b\r\nSet-Cookie: x=1/../☕.html', "text/html") if key in "12" else None

    async def metrics(_: Request) -> PlainTextResponse:
        return PlainTextResponse("metrics")

    settings = TransportSettings(incoming=IncomingFiles(tmp_path, 1 << 20))
    routes = [
        download_route("/documents/{id}/original", find),
        Route("/metrics", metrics),
        Route("/health", metrics),
    ]
    middleware = create_middleware(settings, FakeAuthentication(TOKEN).authenticate, Links(KEY))
    app = Starlette(routes=routes, middleware=middleware)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_an_original_needs_the_token_or_a_signed_link(client: httpx.AsyncClient) -> None:
    link = Links(KEY).sign(PATH, USER)
    assert (await client.get(PATH)).status_code == 401
    assert (await client.get(link.replace("/1/", "/2/"))).status_code == 401
    assert (await client.post(link)).status_code == 401
    assert (await client.get(PATH, headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200
    part = await client.get(link, headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.content) == (206, b"script")
    assert (await client.head(link)).status_code == 200


async def test_an_original_executes_nothing_in_a_browser(client: httpx.AsyncClient) -> None:
    headers = (await client.get(Links(KEY).sign(PATH, USER))).headers
    assert headers["content-disposition"].startswith("attachment; filename*=utf-8''a%22b%0D%0ASet-Cookie")
    assert "set-cookie" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-cache"


async def test_health_needs_no_token_and_metrics_do(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).status_code == 200
    assert (await client.get("/metrics")).status_code == 401
    assert (await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        f"signature={TOKEN}&expires=9999999999",
        f"access_token={TOKEN}",
        f"authorization=Bearer%20{TOKEN}",
        "expires=9999999999&signature=",
        "expires=9999999999&signature=%E2%98%95",
        "expires=9999999999&signature=%00",
        "expires=" + "9" * 5_000 + "&signature=0",
        "Expires=9999999999&Signature=0",
    ],
)
async def test_no_other_query_parameter_opens_an_original(client: httpx.AsyncClient, query: str) -> None:
    reply = await client.get(f"{PATH}?{query}")
    assert (reply.status_code, b"script" in reply.content) == (401, False)


async def test_a_second_expiry_in_a_link_does_not_extend_it(client: httpx.AsyncClient) -> None:
    """A later time that is put before or after the signed one in the query string has no effect."""
    expired = Links(KEY, lambda: time.time() - VALID_SECONDS - 1).sign(PATH, USER)
    for link in (f"{expired}&expires=9999999999", expired.replace("?", "?expires=9999999999&")):
        assert (await client.get(link)).status_code == 401


async def test_signatures_are_not_logged(client: httpx.AsyncClient) -> None:
    link = Links(KEY).sign(PATH, USER)
    with capture_logs() as logged:
        for address in (link, link + "0", link.replace("/1/", "/3/")):
            await client.get(address)
    assert [(line["path"], line["status"]) for line in logged] == [
        (PATH, 200),
        (PATH, 401),
        ("/documents/3/original", 401),
    ]
    assert not any(word in str(logged) for word in ("signature", "expires", link.rpartition("=")[2]))
