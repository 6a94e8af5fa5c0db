"""Files that are handed out."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from transport import Download, download_route


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    file = tmp_path / "kept"
    file.write_bytes(b"0123456789")

    async def find(_: Request, key: str) -> Download | None:
        return Download(file, "Bericht ☕.html", "text/html") if key == "1" else None

    app = Starlette(routes=[download_route("/documents/{id}/original", find)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_a_file_is_an_attachment_under_its_own_name(client: httpx.AsyncClient) -> None:
    reply = await client.get("/documents/1/original")
    assert reply.content == b"0123456789"
    assert reply.headers["content-disposition"] == "attachment; filename*=utf-8''Bericht%20%E2%98%95.html"


async def test_a_part_of_a_file_can_be_asked_for(client: httpx.AsyncClient) -> None:
    reply = await client.get("/documents/1/original", headers={"Range": "bytes=2-4"})
    assert (reply.status_code, reply.content) == (206, b"234")


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/documents/2/original")).status_code == 404
