"""A server with an access token: what is public, and how an original is downloaded by a link."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.e2e.client import Client
from tests.e2e.process import Server, running_server
from tests.transport.websocket.client import open_socket

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TOKEN = "correct-horse-battery-staple"
DOWNLOAD = "query ($id: ID!) { document(id: $id) { downloadUrl } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("data")
    async with running_server(folder, access_token=TOKEN, log_level="DEBUG") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client without the token."""
    async with httpx.AsyncClient(base_url=server.url) as opened:
        yield opened


async def test_an_original_is_downloaded_by_a_link_and_its_signature_is_not_logged(
    server: Server, anonymous: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><title>Bolts</title><script>alert(1)</script>Bolt A takes 35 Nm.")
    async with Client(server.url, TOKEN) as client:
        document = (await client.upload(file))["document"]
        link = (await client.run(DOWNLOAD, id=document["id"]))["document"]["downloadUrl"]
    reply = await anonymous.get(link)
    assert (reply.status_code, reply.content) == (200, file.read_bytes())
    assert reply.headers["content-security-policy"].startswith("sandbox; ")
    assert (await anonymous.get(link.partition("?")[0])).status_code == 401
    assert (await anonymous.get(link + "0")).status_code == 401
    log = server.output.read_text()
    assert link.partition("?")[0] in log, "the request itself is logged"
    assert not any(word in log for word in ("signature", "expires", link.rpartition("=")[2], TOKEN))


async def test_health_checks_need_no_token_and_contain_no_data(anonymous: httpx.AsyncClient) -> None:
    for path in ("/health", "/health/live"):
        reply = await anonymous.get(path, headers={"Host": "10.244.0.5:8000"})
        assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert not {"server", "x-powered-by"} & set(reply.headers)


async def test_metrics_need_the_token(server: Server, anonymous: httpx.AsyncClient) -> None:
    closed = await anonymous.get("/metrics")
    assert closed.status_code == 401
    assert "graphlore" not in closed.text
    reply = await anonymous.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status_code == 200
    assert "\ngraphlore_" in reply.text
    signed = await anonymous.get("/metrics?expires=9999999999&signature=00")
    assert signed.status_code == 401


async def test_graphql_needs_the_token(server: Server, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
    address = server.url.removeprefix("http://")
    async with open_socket(address) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.close_code() == 4403
    async with open_socket(address) as socket:
        await socket.initialise({"authorization": f"Bearer {TOKEN}"})
        await socket.subscribe("1", "{ __typename }")
        (payload,) = await socket.until_complete("1")
        assert payload["data"] == {"__typename": "Query"}
