"""The rights in a collection by level and role: every action by every user, and that a refused one changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from records.access import CollectionSetting
from records.ids import CollectionId, DocumentId, GroupId, UserId
from records.session import SessionSettings
from schema.common import global_ids
from tests.access import LOCAL, PEOPLE
from tests.collections.workshop import Workshop, open_workshop
from tests.persistence.stores import Stores

USERS = ("stranger", "reader", "writer", "manager", "admin", "local", "admin's key")
READ, WRITE, MANAGE = set(USERS) - {"stranger", "admin's key"}, {"writer", "manager", "admin", "local"}, {"manager"}
MANAGE |= {"admin", "local"}

STRANGER = global_ids.USER.encode(UserId(2))
Input = Callable[[Workshop], dict[str, Any]]
ACTIONS: dict[str, tuple[str, Input, set[str]]] = {
    "import into it": (
        "importDocument",
        lambda w: {"source": {"text": "A new text."}, "collectionId": w.collection},
        WRITE,
    ),
    "rename its document": ("updateDocument", lambda w: {"id": w.shared, "name": "renamed.txt"}, WRITE),
    "reprocess its document": ("reprocessDocument", lambda w: {"id": w.shared}, WRITE),
    "erase its document": ("deleteDocument", lambda w: {"id": w.shared}, WRITE),
    "rename a document of a user in it": (
        "updateDocument",
        lambda w: {"id": w.added, "name": "renamed.txt"},
        {"admin"},
    ),
    "erase a document of a user in it": ("deleteDocument", lambda w: {"id": w.added}, {"admin"}),
    "remove a document of a user from it": (
        "removeDocumentsFromCollection",
        lambda w: {"collectionId": w.collection, "documentIds": [w.added]},
        WRITE,
    ),
    "rename it": ("updateCollection", lambda w: {"id": w.collection, "name": "Renamed"}, MANAGE),
    "lock a setting": ("updateCollection", lambda w: {"id": w.collection, "locked": ["MODEL"]}, MANAGE),
    "give access": (
        "grantAccess",
        lambda w: {"collectionId": w.collection, "principalIds": [STRANGER], "level": "READ"},
        MANAGE,
    ),
    "end access": (
        "revokeAccess",
        lambda w: {"collectionId": w.collection, "principalIds": [global_ids.USER.encode(UserId(4))]},
        MANAGE,
    ),
}
"""The mutation and input of each action, and the users who may perform it. An API key of an administrator whose limit is
WRITE has the rights of a user: this administrator is no member."""

SEEING_ADDED = READ | {"admin's key"}
"""The administrator owns the added document, and sees it with any key."""


def expected(action: str, user: str) -> str:
    mutation, _, permitted = ACTIONS[action]
    if user in permitted or (user == "admin's key" and "of a user" in action and mutation != REMOVE):
        return "Success"
    seeing = SEEING_ADDED if "of a user" in action and mutation != REMOVE else READ
    return "ForbiddenError" if user in seeing else "NotFoundError"


REMOVE = "removeDocumentsFromCollection"


async def dump(database: Database) -> list[list[tuple[Any, ...]]]:
    tables = ("documents", "collections", "collection_documents", "collection_grants", "audit_entries")
    async with database.snapshot() as reader:
        return [[tuple(row) for row in await fetch(reader, f"SELECT * FROM {table}")] for table in tables]


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("action", ACTIONS)
async def test_an_action_succeeds_for_those_who_may_and_changes_nothing_for_others(
    database: Database, tmp_path: Path, action: str, user: str
) -> None:
    mutation, make_input, _ = ACTIONS[action]
    async with open_workshop(database, tmp_path) as workshop:
        before = await dump(database)
        result = await workshop.mutate(user, mutation, **make_input(workshop))
        wanted = expected(action, user)
        assert result["__typename"].endswith(wanted), result
        assert (await dump(database) == before) is (wanted != "Success")


@pytest.mark.parametrize("mutation", ["addDocumentsToCollection", REMOVE])
async def test_a_collection_is_not_changed_if_one_id_is_unknown(
    database: Database, tmp_path: Path, mutation: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        before = await dump(database)
        unknown = global_ids.DOCUMENT.encode(DocumentId(404))
        for last in (unknown, workshop.hidden):
            result = await workshop.mutate(
                "manager", mutation, collectionId=workshop.collection, documentIds=[workshop.added, last]
            )
            assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "documentIds", "1"])
        assert await dump(database) == before


async def test_only_documents_that_one_may_change_can_be_added(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        other = await workshop.mutate(
            "admin", "createCollection", "... on CollectionSuccess { collection { id } }", name="Second"
        )
        second = other["collection"]["id"]
        await workshop.mutate("admin", "grantAccess", collectionId=second, principalIds=[writer()], level="WRITE")
        for document, outcome in (
            (workshop.shared, "CollectionSuccess"),  # owned by a collection in which the user has the level WRITE
            (workshop.added, "ForbiddenError"),  # owned by an administrator
            (workshop.private, "NotFoundError"),
        ):
            result = await workshop.mutate(
                "writer", "addDocumentsToCollection", collectionId=second, documentIds=[document]
            )
            assert result["__typename"] == outcome


async def test_a_document_that_the_collection_owns_is_not_removed_but_erased(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        result = await workshop.mutate(
            "writer", REMOVE, collectionId=workshop.collection, documentIds=[workshop.shared]
        )
        assert result["__typename"] == "ConflictError"
        assert "Delete the document instead" in result["message"]


async def test_changes_at_the_same_time_do_not_undo_each_other(database: Database, tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {"locked": ["MODEL", "OWN_DOCUMENTS"]}, {"name": "Handbooks"}, {"hidesSystemPrompt": True},
        {"systemPrompt": "Be brief."}, {"settings": {"topK": 3}}, {"settings": {"rerank": True}},
    ]  # fmt: skip
    async with open_workshop(database, tmp_path) as workshop:

        async def change(input: dict[str, Any]) -> None:
            result = await workshop.mutate("manager", "updateCollection", id=workshop.collection, **input)
            assert result["__typename"] == "CollectionSuccess"

        async with anyio.create_task_group() as tasks:
            for each in changes:
                tasks.start_soon(change, each)
        found = await workshop.stores.collections.get(LOCAL, workshop.key)
    assert (found.locked, found.name) == ((CollectionSetting.MODEL, CollectionSetting.OWN_DOCUMENTS), "Handbooks")
    assert found.hides_system_prompt
    assert found.settings == SessionSettings(system_prompt="Be brief.", top_k=3, rerank=True)


async def test_the_same_bytes_are_one_document_for_each_owner(database: Database, tmp_path: Path) -> None:
    fields = "... on ImportDocumentSuccess { duplicate document { id owner { id } collections { name } } }"
    async with open_workshop(database, tmp_path) as workshop:
        text = {"source": {"text": "The same text."}}
        own = await workshop.mutate("writer", "importDocument", fields, **text)
        first = await workshop.mutate("writer", "importDocument", fields, **text, collectionId=workshop.collection)
        again = await workshop.mutate("manager", "importDocument", fields, **text, collectionId=workshop.collection)
        assert (own["duplicate"], first["duplicate"], again["duplicate"]) == (False, False, True)
        assert own["document"]["owner"] == {"id": writer()}
        assert own["document"]["collections"] == []
        assert first["document"]["owner"] is None
        assert first["document"]["collections"] == [{"name": "Manuals"}]
        assert again["document"]["id"] == first["document"]["id"] != own["document"]["id"]


async def test_ids_of_other_types_are_unknown(database: Database, tmp_path: Path) -> None:
    ids = (
        global_ids.DOCUMENT.encode(DocumentId(1)),
        global_ids.GROUP.encode(GroupId(404)),
        global_ids.USER.encode(UserId(404)),
        global_ids.COLLECTION.encode(CollectionId(404)),
        "nothing",
    )
    async with open_workshop(database, tmp_path) as workshop:
        for each in ids:
            result = await workshop.mutate(
                "manager", "grantAccess", "... on NotFoundError { missingId }",
                collectionId=workshop.collection, principalIds=[each], level="READ",
            )  # fmt: skip
            assert (result["code"], result["missingId"]) == ("NOT_FOUND", each)
            assert result["path"] == ["input", "principalIds", "0"]


@pytest.mark.parametrize(("user", "code"), [("reader", "FORBIDDEN"), ("admin", "NOT_FOUND")])
async def test_a_user_is_not_changed_if_one_change_is_refused(
    database: Database, tmp_path: Path, user: str, code: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        session = await Stores(database, PEOPLE[user]).session("Torque")
        result = await workshop.mutate(
            user, "updateUser", id=global_ids.USER.encode(PEOPLE[user].user_id),
            activeSessionId=global_ids.SESSION.encode(session.id), groupIds=[global_ids.GROUP.encode(GroupId(99))],
        )  # fmt: skip
        assert result["code"] == code
        found = await workshop.query(user, "{ viewer { activeSession { id } } }")
        assert found["viewer"]["activeSession"] is None


async def test_lists_of_ids_are_limited(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        ids = [global_ids.DOCUMENT.encode(DocumentId(number)) for number in range(1, 1002)]
        result = await workshop.mutate(
            "manager", "addDocumentsToCollection", collectionId=workshop.collection, documentIds=ids
        )
        assert result["code"] == "INVALID_INPUT"
        assert "at most 1,000" in result["message"]
        groups = [global_ids.GROUP.encode(GroupId(number)) for number in range(1, 1002)]
        result = await workshop.mutate("admin", "updateUser", id=STRANGER, groupIds=groups)
        assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "groupIds"])


def writer() -> str:
    return global_ids.USER.encode(UserId(5))
