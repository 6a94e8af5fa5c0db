"""Originals are sent to the users whose scope includes the document; for others the path does not exist."""

from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from bootstrap import Components
from persistence.database.database import Database
from records.access import AccessScope
from schema.common import global_ids
from server import create_app
from services.ingestion import IncomingFiles
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.authentication import FakeAuthentication
from tests.isolation.two_users import context_factory
from tests.services.answers.harness import open_supervised as open_answers
from tests.services.ingestion.harness import CONTENT, upload
from tests.services.ingestion.harness import open_supervised as open_ingestion
from tests.support.supervisor import open_test_supervisor
from transport import TransportSettings


@pytest.mark.parametrize(("scope", "status"), [(LOCAL, 200), (STRANGER, 404)])
async def test_an_original_is_sent_to_its_owner_alone(
    database: Database, tmp_path: Path, scope: AccessScope, status: int
) -> None:
    await add_stranger(database)
    async with (
        open_test_supervisor() as supervisor,
        open_answers(database, supervisor) as answers,
        open_ingestion(database, tmp_path, supervisor) as ingestion,
    ):
        document = await upload(ingestion)
        create_context = context_factory(answers, ingestion)
        nothing = cast(Any, None)
        components = Components(
            cast(Any, FakeAuthentication(scopes={"": scope})), create_context, nothing, nothing, nothing
        )
        app = create_app(components, TransportSettings(IncomingFiles(tmp_path / "received", 1 << 20), graphiql=False))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client:
            found = await client.get(f"/documents/{global_ids.DOCUMENT.encode(document.id)}/original")
            missing = await client.get("/documents/RG9jdW1lbnQ6NDA0/original")
    assert found.status_code == status
    assert (found.content == CONTENT) is (status == 200)
    assert (found.content == missing.content) is (status == 404)
