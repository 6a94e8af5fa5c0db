"""The routes of the server besides GraphQL: health checks, metrics and downloads; and its version."""

import re
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest
from structlog.testing import capture_logs

from bootstrap import Components
from concurrency import open_supervisor
from records.errors import DiskFull
from schema.build import build_schema
from server import create_app, read_version
from services.health import Health
from services.ingestion import IncomingFiles
from tests.fakes.authentication import FakeAuthentication
from tests.paths import ROOT
from transport import TransportSettings


def client_of(health: Health, folder: Path) -> httpx.AsyncClient:
    """Open a client of an application that has a health check and no other components."""
    components = Components(
        authentication=cast(Any, FakeAuthentication()),
        create_context=cast(Any, None),
        metrics=cast(Any, None),
        exposition=cast(Any, None),
        health=health,
        link_key=b"",
    )
    app = create_app(
        components, build_schema(), TransportSettings(incoming=IncomingFiles(folder, 1 << 20), graphiql=False)
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.244.0.5:8000")


async def write() -> None: ...


async def fail_to_write() -> None:
    raise DiskFull


async def test_a_healthy_server_is_ready_and_alive(tmp_path: Path) -> None:
    async with (
        open_supervisor(lambda: None) as supervisor,
        client_of(Health(supervisor, write), tmp_path) as client,
    ):
        for path in ("/health", "/health/live"):
            reply = await client.get(path)
            assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
            assert (await client.head(path)).status_code == 200


async def test_an_unhealthy_server_is_alive_but_not_ready_and_names_the_reasons(tmp_path: Path) -> None:
    stopping = anyio.Event()
    with capture_logs():
        async with (
            open_supervisor(stopping.set) as supervisor,
            supervisor.running("ingestion", write),
            client_of(Health(supervisor, fail_to_write), tmp_path) as client,
        ):
            await stopping.wait()
            reply = await client.get("/health")
            reasons = ["The background loop 'ingestion' has ended.", DiskFull().message]
            assert (reply.status_code, reply.json()) == (503, {"status": "error", "reasons": reasons})
            assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/documents/RG9jdW1lbnQ6MQ/original", "/graphql"])
async def test_other_routes_are_closed_to_unknown_hosts(tmp_path: Path, path: str) -> None:
    async with (
        open_supervisor(lambda: None) as supervisor,
        client_of(Health(supervisor, write), tmp_path) as client,
    ):
        assert (await client.get(path)).status_code == 400


def test_the_version_is_the_one_of_the_project() -> None:
    declared = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert read_version() == declared[1]
