"""Downloads of original files."""

from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from services.ingestion import IncomingFiles
from tests.fakes.authentication import FakeAuthentication
from transport import Download, TransportSettings, create_middleware, download_route

SCRIPT = b"<!doctype html><script>fetch('/graphql')</script>"


def serving(folder: Path, filename: str, media_type: str, content: bytes = b"0123456789") -> httpx.AsyncClient:
    file = folder / "kept"
    file.write_bytes(content)

    async def find(_: Request, key: str) -> Download | None:
        return Download(file, filename, media_type) if key == "1" else None

    middleware = create_middleware(
        TransportSettings(incoming=IncomingFiles(folder, 1 << 20)), FakeAuthentication().authenticate
    )
    app = Starlette(routes=[download_route("/documents/{id}/original", find)], middleware=middleware)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    return serving(tmp_path, "Bericht ☕.html", "text/html")


async def test_a_file_is_sent_as_an_attachment_with_its_name(client: httpx.AsyncClient) -> None:
    reply = await client.get("/documents/1/original")
    assert reply.content == b"0123456789"
    assert reply.headers["content-disposition"] == "attachment; filename*=utf-8''Bericht%20%E2%98%95.html"


@pytest.mark.parametrize("asked", ["bytes=2-4", "bytes=2-4,3-4"])
async def test_a_range_of_a_file_can_be_requested(client: httpx.AsyncClient, asked: str) -> None:
    reply = await client.get("/documents/1/original", headers={"Range": asked})
    assert (reply.status_code, reply.content) == (206, b"234")


async def test_the_size_of_a_file_can_be_requested_by_head(client: httpx.AsyncClient) -> None:
    reply = await client.head("/documents/1/original")
    assert (reply.status_code, reply.content, reply.headers["content-length"]) == (200, b"", "10")


async def test_a_thousand_ranges_do_not_multiply_the_response(client: httpx.AsyncClient) -> None:
    ranges = "bytes=" + ",".join(["0-9"] * 1000)
    reply = await client.get("/documents/1/original", headers={"Range": ranges})
    assert len(reply.content) <= 10


async def test_an_unknown_file_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/documents/2/original")).status_code == 404


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"])
async def test_an_uploaded_page_executes_nothing_in_a_browser(tmp_path: Path, media_type: str) -> None:
    async with serving(tmp_path, "page.html", media_type, SCRIPT) as client:
        for part in ({}, {"Range": "bytes=0-"}):
            reply = await client.get("/documents/1/original", headers=part)
            assert reply.content == SCRIPT
            assert reply.headers["content-disposition"].startswith("attachment; ")
            assert reply.headers["x-content-type-options"] == "nosniff"
            policy = reply.headers["content-security-policy"].split("; ")
            assert "sandbox" in policy, "without exceptions: no scripts, no origin"
            assert "default-src 'none'" in policy
            assert reply.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("plain.txt", "plain.txt"),
        ('a"; filename="evil.exe', 'a"; filename="evil.exe'),
        ("a\r\nSet-Cookie: x=1\r\n\r\n<script>", "a\r\nSet-Cookie: x=1\r\n\r\n<script>"),
        ("../../.bashrc", ".._.._.bashrc"),
        ("C:\\Windows\\x.dll", "C:_Windows_x.dll"),
        ("nul\x00l.txt", "nul\x00l.txt"),
        ("half \ud800 pair.txt", "half ? pair.txt"),
        ("%2e%2e%2f", "%2e%2e%2f"),
        ("утка\u202etxt.exe", "утка\u202etxt.exe"),
        ("x" * 300, "x" * 300),
        ("", ""),
    ],
)
async def test_the_name_of_a_download_cannot_inject_headers_or_paths(tmp_path: Path, name: str, sent: str) -> None:
    async with serving(tmp_path, name, "text/plain") as client:
        reply = await client.get("/documents/1/original")
    assert reply.status_code == 200
    assert "set-cookie" not in reply.headers
    disposition = reply.headers["content-disposition"]
    assert disposition.isprintable()
    if name.isascii() and disposition.startswith('attachment; filename="'):
        assert disposition == f'attachment; filename="{sent}"'
    else:
        assert unquote(disposition.removeprefix("attachment; filename*=utf-8''")) == sent
        assert disposition.count("=") == 1
