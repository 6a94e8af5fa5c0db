"""Originals are sent to the users whose scope includes the document; for others the path does not exist."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from bootstrap import Components
from persistence.database.database import Database
from persistence.database.sqlite import execute
from records.access import AccessScope
from schema.build import build_schema
from schema.common import global_ids
from server import create_app
from services.ingestion import IncomingFiles
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.access import TasksOfCallers
from tests.fakes.authentication import FakeAuthentication, make_viewer
from tests.isolation.two_users import context_factory
from tests.services.answers.harness import open_supervised as open_answers
from tests.services.ingestion.harness import CONTENT, upload
from tests.services.ingestion.harness import open_supervised as open_ingestion
from tests.support.supervisor import open_test_supervisor
from transport import Links, TransportSettings

TOKEN = "open sesame"  # used only in this test
KEY = b"a key of thirty-two bytes, right"


@asynccontextmanager
async def open_downloads(
    database: Database, folder: Path, scope: AccessScope, token: str | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Serve the originals to the user of a scope; yield a client, and the path of an original of the local user."""
    await add_stranger(database)
    async with (
        open_test_supervisor() as supervisor,
        open_answers(database, supervisor) as answers,
        open_ingestion(database, folder, supervisor) as ingestion,
    ):
        document = await upload(ingestion)
        nothing = cast(Any, None)
        authentication = FakeAuthentication(token, {"": scope})
        components = Components(
            cast(Any, authentication),
            context_factory(answers, ingestion, cast(Any, TasksOfCallers())),
            nothing,
            nothing,
            nothing,
            KEY,
        )
        settings = TransportSettings(IncomingFiles(folder / "received", 1 << 20), graphiql=False)
        transport = httpx.ASGITransport(create_app(components, build_schema(), settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client, f"/documents/{global_ids.DOCUMENT.encode(document.id)}/original"


@pytest.mark.parametrize(("scope", "status"), [(LOCAL, 200), (STRANGER, 404)])
async def test_an_original_is_sent_to_its_owner_alone(
    database: Database, tmp_path: Path, scope: AccessScope, status: int
) -> None:
    async with open_downloads(database, tmp_path, scope) as (client, path):
        found = await client.get(path)
        missing = await client.get("/documents/RG9jdW1lbnQ6NDA0/original")
    assert found.status_code == status
    assert (found.content == CONTENT) is (status == 200)
    assert (found.content == missing.content) is (status == 404)


async def test_a_signed_link_opens_an_original_for_its_user_only(database: Database, tmp_path: Path) -> None:
    links = Links(KEY)
    async with open_downloads(database, tmp_path, LOCAL, TOKEN) as (client, path):
        own, foreign = links.sign(path, make_viewer(LOCAL)), links.sign(path, make_viewer(STRANGER))
        assert (await client.get(path)).status_code == 401
        assert (await client.get(own)).content == CONTENT
        assert (await client.get(foreign)).status_code == 404, "the document does not exist for the stranger"
        changed = foreign.replace(f"user={STRANGER.user_id}", f"user={LOCAL.user_id}")
        assert (await client.get(changed)).status_code == 401


async def test_a_signed_link_ends_with_the_access_to_the_document(database: Database, tmp_path: Path) -> None:
    async with open_downloads(database, tmp_path, LOCAL, TOKEN) as (client, path):
        link = Links(KEY).sign(path, make_viewer(LOCAL))
        assert (await client.get(link)).status_code == 200
        async with database.writing() as transaction:
            await execute(transaction, "UPDATE documents SET owner_id = ?", [STRANGER.user_id])
        assert (await client.get(link)).status_code == 404
