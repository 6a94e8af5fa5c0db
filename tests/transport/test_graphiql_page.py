"""The GraphiQL page and the files that it loads."""

import re
from urllib.parse import urljoin

import httpx
import pytest

from tests.transport.conftest import Connect

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_a_browser_gets_the_page(client: httpx.AsyncClient, path: str) -> None:
    reply = await client.get(path, headers=BROWSER)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Graphlore</title>" in reply.text


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_the_page_loads_only_files_of_this_server_by_relative_addresses(
    client: httpx.AsyncClient, path: str
) -> None:
    page = (await client.get(path, headers=BROWSER)).text
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|https?://", page)
    loaded = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if not name.startswith("data:")]
    assert len(loaded) == 8
    for name in loaded:
        assert not name.startswith("/")
        reply = await client.get(urljoin(f"http://localhost:8000{path}", name))
        assert reply.status_code == 200, f"{name}: make setup builds it"
        assert reply.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")


async def test_the_scripts_of_the_page_use_relative_addresses(client: httpx.AsyncClient) -> None:
    for name in ("page.js", "uploads.js"):
        assert re.findall(r'["`](/[a-z][^"`]*)["`]', (await client.get(f"/graphiql/{name}")).text) == []


async def test_the_policy_allows_scripts_and_connections_only_of_this_server(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/", headers=BROWSER)).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy.split("style-src")[0]


async def test_no_other_file_is_served(client: httpx.AsyncClient) -> None:
    for name in ("package.json", "..%2f__init__.py", "../__init__.py", "page.html", ""):
        assert (await client.get(f"/graphiql/{name}")).status_code == 404


async def test_without_graphiql_there_is_no_page(connect: Connect) -> None:
    async with connect(graphiql=False) as client:
        assert (await client.get("/", headers=BROWSER)).status_code == 404
        assert (await client.get("/graphiql/page.js")).status_code == 404
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400
