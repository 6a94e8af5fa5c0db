"""Changes of access at the same time as other changes of access, and as reads, searches and uploads of the user."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from records.ids import UserId
from schema.common import global_ids
from tests.access import PEOPLE
from tests.collections.workshop import Workshop, open_workshop

AT_ONCE = 16
ROUNDS = 5
DOCUMENT = "query ($id: ID!) { document(id: $id) { name text } }"
SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename
    ... on SearchResults { hits { document { name } } } } }"""


def user_id(name: str) -> str:
    return global_ids.USER.encode(UserId(PEOPLE[name].user_id))


async def read(workshop: Workshop, _: int) -> bool:
    """Return whether the writer could read a document of the collection."""
    return (await workshop.query("writer", DOCUMENT, id=workshop.shared))["document"] is not None


async def search(workshop: Workshop, _: int) -> bool:
    variables = {"query": "torque", "mode": "KEYWORD"}
    return bool((await workshop.query("writer", SEARCH, input=variables))["search"]["hits"])


async def search_in_the_collection(workshop: Workshop, _: int) -> bool:
    variables = {"query": "torque", "mode": "KEYWORD", "collectionIds": [workshop.collection]}
    found = (await workshop.query("writer", SEARCH, input=variables))["search"]
    assert found["__typename"] in ("SearchResults", "NotFoundError")
    return bool(found.get("hits"))


async def upload(workshop: Workshop, number: int) -> bool:
    source = {"text": f"Bolt {number} takes {number} Nm."}
    found = await workshop.mutate("writer", "importDocument", source=source, collectionId=workshop.collection)
    assert found["__typename"] in ("ImportDocumentSuccess", "NotFoundError"), found
    return bool(found["__typename"] == "ImportDocumentSuccess")


async def open_session(workshop: Workshop, _: int) -> bool:
    found = await workshop.mutate("writer", "createSession", collectionIds=[workshop.collection])
    assert found["__typename"] in ("CreateSessionSuccess", "NotFoundError"), found
    return bool(found["__typename"] == "CreateSessionSuccess")


Use = Callable[[Workshop, int], Awaitable[bool]]
USES: list[Use] = [read, search, search_in_the_collection, upload, open_session]


@pytest.mark.parametrize("use", USES)
async def test_a_revocation_holds_for_everything_that_begins_after_its_reply(
    database: Database, tmp_path: Path, use: Use
) -> None:
    results: list[tuple[bool, bool]] = []
    async with open_workshop(database, tmp_path) as workshop:
        revoked = anyio.Event()

        async def use_often(number: int) -> None:
            for turn in range(6):
                began_after = revoked.is_set()
                results.append((began_after, await use(workshop, 100 * number + turn)))

        async with anyio.create_task_group() as tasks:
            for number in range(AT_ONCE // 2):
                tasks.start_soon(use_often, number)
            access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [user_id("writer")]}
            while len(results) < AT_ONCE:
                await anyio.sleep(0)
            await workshop.mutate("manager", "revokeAccess", **access)
            revoked.set()
        assert not await use(workshop, 1)
        assert (False, True) in results
        assert (True, True) not in results, "the access had ended before the operation began"
        await workshop.server.until_idle()
        async with database.reading() as reader:
            rows = await fetch(reader, UPLOADED)
        successes = len([each for each in results if each[1]]) if use is upload else 0
        assert [tuple(row) for row in rows] == [(workshop.key, workshop.key)] * successes


UPLOADED = """
    SELECT owning_collection_id, collection_id FROM documents JOIN collection_documents ON document_id = documents.id
    WHERE source = 'TEXT' AND owner_id IS NULL
"""


async def test_grants_to_a_group_that_is_deleted_leave_no_access(database: Database, tmp_path: Path) -> None:
    level = "query ($id: ID!) { collection(id: $id) { myLevel } }"
    async with open_workshop(database, tmp_path) as workshop:
        for number in range(ROUNDS):
            fields, members = "... on GroupSuccess { group { id } }", [user_id("stranger")]
            created = await workshop.mutate("admin", "createGroup", fields, name=f"Shift {number}", memberIds=members)
            group, results = created["group"]["id"], list[str]()

            async def grant(group: str = group, results: list[str] = results) -> None:
                access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [group]}
                results.append((await workshop.mutate("manager", "grantAccess", **access, level="READ"))["__typename"])

            async def delete(group: str = group, results: list[str] = results) -> None:
                results.append((await workshop.mutate("admin", "deleteGroup", id=group))["__typename"])

            async with anyio.create_task_group() as tasks:
                for turn in range(AT_ONCE):
                    tasks.start_soon(grant)
                    if turn == number * 3:
                        tasks.start_soon(delete)
            assert set(results) <= {"CollectionSuccess", "NotFoundError", "DeleteGroupSuccess"}
            assert results.count("DeleteGroupSuccess") == 1
            assert (await workshop.query("stranger", level, id=workshop.collection))["collection"] is None
            assert PEOPLE["stranger"].user_id not in workshop.server.members.of_collection(workshop.key)


async def test_members_are_those_of_the_database_after_changes_at_the_same_time(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        names = ("stranger", "reader", "writer")

        async def change(number: int) -> None:
            access: dict[str, Any] = {
                "collectionId": workshop.collection, "principalIds": [user_id(names[number % 3])]
            }  # fmt: skip
            if number % 2:
                await workshop.mutate("manager", "revokeAccess", **access)
            else:
                await workshop.mutate("manager", "grantAccess", **access, level="READ")

        for _ in range(ROUNDS):
            async with anyio.create_task_group() as tasks:
                for number in range(AT_ONCE):
                    tasks.start_soon(change, number)
            stored = (await workshop.stores.collections.members())[workshop.key]
            assert workshop.server.members.of_collection(workshop.key) == frozenset(stored)
