"""Links that open a file without the access token: one path, for some minutes, to read."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from structlog.testing import capture_logs

from transport import Download, DownloadLinks, TransportSettings, create_middleware, download_route
from transport.links import MINUTE, MINUTES

TOKEN = "correct horse battery staple"
PATH = "/documents/1/original"


def request(address: str, method: str = "GET") -> Request:
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": []}
    return Request(scope)


def at(seconds: float) -> DownloadLinks:
    return DownloadLinks(TOKEN, lambda: seconds)


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    """Of a server with an access token, a file and a page of figures."""
    file = tmp_path / "kept"
    file.write_bytes(b"0123456789")

    async def find(_: Request, key: str) -> Download | None:
        return Download(file, "notes.txt", "text/plain") if key in ("1", "2") else None

    routes = [download_route("/documents/{id}/original", find), Route("/metrics", lambda _: httpx.Response(200))]
    settings = TransportSettings(incoming=tmp_path, access_token=TOKEN)
    app = Starlette(routes=routes, middleware=create_middleware(settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_a_signed_link_opens_its_file_without_the_token(client: httpx.AsyncClient) -> None:
    reply = await client.get(DownloadLinks(TOKEN).link(PATH))
    assert (reply.status_code, reply.content) == (200, b"0123456789")


async def test_the_token_alone_opens_the_file_too(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH, headers={"Authorization": f"Bearer {TOKEN}"})).content == b"0123456789"


async def test_a_signed_link_gives_parts_and_headers_alone_as_well(client: httpx.AsyncClient) -> None:
    link = DownloadLinks(TOKEN).link(PATH)
    part = await client.get(link, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    head = await client.head(link)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")


SPOILED: list[Callable[[str], str]] = [
    lambda link: PATH,
    lambda link: link.replace("/1/", "/2/"),
    lambda link: link.replace(PATH, "/metrics"),
    lambda link: link[:-1] + ("0" if link[-1] != "0" else "1"),
    lambda link: link[:-1],
    lambda link: link + "0",
    lambda link: link.replace("signature=", "signature=0"),
    lambda link: link.partition("&")[0],
    lambda link: PATH + "?" + link.partition("&")[2],
    lambda link: link.replace("expires=", "expires=9"),
    lambda link: link.replace("expires=", "expires=+"),
    lambda link: link.replace("expires=", "expires=-"),
    lambda link: link.replace("expires=", "expires=0"),
    lambda link: link.replace("expires=", "expires=%D9%A1"),
    lambda link: link + "&expires=9999999999",
    lambda link: link.replace("?", "?expires=9999999999&"),
    lambda link: link + "&signature=0",
    lambda link: link + "&x=1",
    lambda link: link.partition("signature=")[0] + "signature=",
    lambda link: link.partition("signature=")[0] + "signature=%E2%98%95",
    lambda link: link.partition("signature=")[0] + "signature=%00",
    lambda link: f"{PATH}?expires=&signature=",
    lambda link: f"{PATH}?signature={TOKEN}&expires=9999999999",
    lambda link: f"{PATH}?access_token={TOKEN}",
    lambda link: f"{PATH}?authorization=Bearer%20{TOKEN}",
    lambda link: link.replace("signature=", "Signature="),
    lambda link: DownloadLinks("another token of many characters").link(PATH),
]


@pytest.mark.parametrize("spoil", SPOILED, ids=range(len(SPOILED)))
async def test_nothing_but_the_link_as_it_was_given_opens_the_file(
    client: httpx.AsyncClient, spoil: Callable[[str], str]
) -> None:
    reply = await client.get(spoil(DownloadLinks(TOKEN).link(PATH)))
    assert reply.status_code == 401
    assert b"0123456789" not in reply.content


async def test_a_wrong_token_beside_a_link_does_no_harm_and_a_bad_link_beside_the_token_neither(
    client: httpx.AsyncClient,
) -> None:
    link = DownloadLinks(TOKEN).link(PATH)
    assert (await client.get(link, headers={"Authorization": "Bearer wrong"})).status_code == 200
    assert (await client.get(link + "0", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200


async def test_a_link_has_an_end(client: httpx.AsyncClient) -> None:
    old = DownloadLinks(TOKEN, lambda: time.time() - (MINUTES + 1) * MINUTE)
    assert (await client.get(old.link(PATH))).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_a_link_is_for_reading_alone(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, DownloadLinks(TOKEN).link(PATH))).status_code == 401


@pytest.mark.parametrize("second", [0, 1, MINUTE - 1])
def test_a_link_holds_for_ten_minutes_and_for_less_than_eleven_and_one(second: int) -> None:
    begin = 1_800_000_000 + second
    link = at(begin).link(PATH)
    assert at(begin).link(PATH) == link, "asked again soon, it is the same address"
    assert at(begin + MINUTES * MINUTE).opens(request(link))
    assert not at(begin + (MINUTES + 1) * MINUTE).opens(request(link))


def test_a_link_ends_with_the_second_that_it_names() -> None:
    link = at(1_800_000_000).link(PATH)
    end = int(link.partition("expires=")[2].partition("&")[0])
    assert at(end - 0.001).opens(request(link))
    assert not at(end).opens(request(link))


def test_without_a_token_links_are_plain_and_no_signature_is_known() -> None:
    links = DownloadLinks(None)
    assert links.link(PATH) == PATH
    assert not links.opens(request(DownloadLinks(TOKEN).link(PATH)))


def test_a_path_of_any_characters_is_bound_letter_for_letter() -> None:
    links = DownloadLinks(TOKEN)
    link = links.link("/documents/a b?ü/original")
    assert link.startswith("/documents/a%20b%3F%C3%BC/original?")
    query = link.partition("?")[2]
    scope = {"type": "http", "method": "GET", "query_string": query.encode(), "headers": []}
    assert links.opens(Request(scope | {"path": "/documents/a b?ü/original"}))
    assert not links.opens(Request(scope | {"path": "/documents/a b?u/original"}))


def test_a_link_shows_nothing_of_the_token() -> None:
    link = DownloadLinks(TOKEN).link(PATH)
    assert not any(word in link for word in TOKEN.split())


async def test_signatures_are_in_no_line_of_the_log(client: httpx.AsyncClient) -> None:
    link = DownloadLinks(TOKEN).link(PATH)
    with capture_logs() as logged:
        await client.get(link)
        await client.get(link + "0")
        await client.get(link.replace("/1/", "/3/"))
    assert [(line["path"], line["status"]) for line in logged] == [
        (PATH, 200),
        (PATH, 401),
        ("/documents/3/original", 401),
    ]
    assert not any(word in str(logged) for word in ("signature", "expires", link.rpartition("=")[2]))
