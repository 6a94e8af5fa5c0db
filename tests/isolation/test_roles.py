"""Values about the server and about all of its users are null for users with the role USER."""

import json
from pathlib import Path
from typing import Any

import pytest

from persistence.database.database import Database
from tests.access import STRANGER
from tests.isolation.two_users import open_two_users
from tests.persistence.stores import Stores

STATUS = """disks { purpose path } inference { queueDepth prefixHitRatio } ingestion { queued running }
    storage { documents sessions messages databaseBytes } cpu { usagePercent }"""
INDEXING = "state deepEmbedder pendingDocuments pendingChunks doneChunks idleSeconds startedAt error"
HIDDEN = ("pendingDocuments", "pendingChunks", "doneChunks", "idleSeconds", "startedAt", "error")


async def query(database: Database, folder: Path, user: str, document: str) -> dict[str, Any]:
    async with open_two_users(database, folder) as server:
        _, body = await server.execute(user, document, {})
    result: dict[str, Any] = json.loads(body)
    assert "errors" not in result, result
    return dict(result["data"])


@pytest.mark.parametrize(("user", "is_admin"), [("local", True), ("stranger", False)])
async def test_numbers_and_paths_of_the_server_are_for_administrators(
    database: Database, tmp_path: Path, user: str, is_admin: bool
) -> None:
    data = await query(
        database, tmp_path, user, f"{{ systemStatus {{ {STATUS} }} indexing {{ {INDEXING} }} models {{ name path }} }}"
    )
    status, indexing = data["systemStatus"], data["indexing"]
    assert (status["disks"][0]["path"] is not None) is is_admin
    assert [status[each] is not None for each in ("inference", "ingestion", "storage")] == [is_admin] * 3
    assert status["cpu"]["usagePercent"] is not None
    assert (indexing["pendingChunks"] is not None) is is_admin
    assert is_admin or [indexing[each] for each in HIDDEN] == [None] * len(HIDDEN)
    assert indexing["state"]
    assert all((model["path"] is not None) is is_admin for model in data["models"])


@pytest.mark.parametrize(
    ("field", "selection", "hidden"),
    [("systemMetrics", STATUS, ("inference", "ingestion", "storage")), ("indexingEvents", INDEXING, HIDDEN)],
)
async def test_subscriptions_follow_the_rules_of_queries(
    database: Database, tmp_path: Path, field: str, selection: str, hidden: tuple[str, ...]
) -> None:
    async with open_two_users(database, tmp_path) as server:
        payloads = {
            user: (await server.subscribe(user, f"subscription {{ {field} {{ {selection} }} }}", {}, 1))[0]
            for user in ("local", "stranger")
        }
    for name in hidden:
        assert f"'{name}': None" in payloads["stranger"] or f'"{name}":null' in payloads["stranger"]
    assert payloads["local"] != payloads["stranger"]


async def test_a_source_path_is_for_administrators_even_of_an_own_document(database: Database, tmp_path: Path) -> None:
    document = "{ documents { nodes { name sourceUri } } }"
    await Stores(database).add("local.txt", source_uri="/srv/local.txt")
    async with open_two_users(database, tmp_path) as server:
        await Stores(database, STRANGER).add("own.txt", source_uri="/srv/own.txt")
        bodies = [(await server.execute(user, document, {}))[1] for user in ("local", "stranger")]
    found = [json.loads(body)["data"]["documents"]["nodes"] for body in bodies]
    assert found[0] == [{"name": "local.txt", "sourceUri": "/srv/local.txt"}]
    assert found[1] == [{"name": "own.txt", "sourceUri": None}]
