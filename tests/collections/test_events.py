"""Events of collections and of their documents: who receives them when access is given and ended."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from persistence.database.database import Database
from records.access import AccessLevel
from records.events import ChangeKind
from records.ids import CollectionId, UserId
from schema.common import global_ids
from services.collections.collection_events import CollectionEvents
from services.ingestion.document_events import DocumentEvents
from services.memberships import Memberships
from tests.access import PEOPLE, SYSTEM
from tests.collections.workshop import Workshop, open_workshop
from tests.fakes.collections import COLLECTION, FakeCollectionStore

DOCUMENTS = "subscription { documentEvents { change documentId document { name collections { name } } } }"
COLLECTIONS = (
    "subscription { collectionEvents { change collectionId collection { name myLevel access { totalCount } } } }"
)


class Received:
    """The events that each user has received since the snapshot."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.live: set[str] = set()

    async def settle(self, *users: str, count: int = 1) -> None:
        """Wait until each of these users has received a number of events."""
        with anyio.fail_after(10):
            while any(len(self.events[user]) < count for user in users):
                await anyio.sleep(0.01)

    def changes(self, user: str) -> list[str]:
        return [event["change"] for event in self.events[user]]


@asynccontextmanager
async def watching(workshop: Workshop, document: str, *users: str) -> AsyncIterator[Received]:
    """Subscribe as several users while the block is open; it starts after all snapshots."""
    received = Received()

    async def watch(user: str) -> None:
        received.events[user] = []
        async for payload in workshop.server.events(user, document, {}):
            event = next(iter(json.loads(payload)["data"].values()))
            if event["change"] == "SNAPSHOT_END":
                received.live.add(user)
            elif user in received.live:
                received.events[user].append(event)

    async with anyio.create_task_group() as tasks:
        for user in users:
            tasks.start_soon(watch, user)
        with anyio.fail_after(10):
            while len(received.live) < len(users):
                await anyio.sleep(0.01)
        yield received
        tasks.cancel_scope.cancel()


def user_id(number: int) -> str:
    return global_ids.USER.encode(UserId(number))


STRANGER, READER = user_id(2), user_id(4)


async def test_access_that_is_given_and_ended_adds_and_removes_the_documents(
    database: Database, tmp_path: Path
) -> None:
    async with (
        open_workshop(database, tmp_path) as workshop,
        watching(workshop, DOCUMENTS, "stranger", "reader") as seen,
    ):
        access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [STRANGER]}
        await workshop.mutate("manager", "grantAccess", **access, level="READ")
        await seen.settle("stranger", count=2)
        assert seen.changes("stranger") == ["ADDED", "ADDED"]
        assert sorted(event["document"]["name"] for event in seen.events["stranger"]) == ["added.txt", "shared.txt"]
        await workshop.mutate("manager", "revokeAccess", **access)
        await seen.settle("stranger", count=4)
        assert seen.events["stranger"][2:] == [
            {"change": "REMOVED", "documentId": each, "document": None} for each in (workshop.added, workshop.shared)
        ]
        assert seen.events["reader"] == []


async def test_a_document_in_a_collection_is_added_for_its_members_and_removed_with_it(
    database: Database, tmp_path: Path
) -> None:
    users = ("stranger", "reader", "admin", "manager")
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, DOCUMENTS, *users) as seen:
        placed: dict[str, Any] = {"collectionId": workshop.collection, "documentIds": [workshop.hidden]}
        await workshop.mutate("local", "addDocumentsToCollection", **placed)
        await seen.settle("reader", "admin", "manager")
        for user in ("reader", "admin", "manager"):
            [event] = seen.events[user]
            assert (event["change"], event["document"]["name"]) == ("ADDED", "hidden.txt")
        await workshop.mutate("manager", "removeDocumentsFromCollection", **placed)
        await seen.settle("reader", "admin", "manager", count=2)
        for user in ("reader", "admin", "manager"):
            assert seen.events[user][1] == {"change": "REMOVED", "documentId": workshop.hidden, "document": None}
        assert seen.events["stranger"] == []


async def test_a_change_of_a_shared_document_is_sent_to_its_readers_alone(database: Database, tmp_path: Path) -> None:
    users = ("stranger", "reader", "admin", "admin's key")
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, DOCUMENTS, *users) as seen:
        await workshop.mutate("writer", "updateDocument", id=workshop.shared, name="renamed.txt")
        await workshop.mutate("local", "updateDocument", id=workshop.hidden, name="still hidden.txt")
        await workshop.mutate("writer", "deleteDocument", id=workshop.shared)
        await seen.settle("reader", "admin", count=2)
        for user in ("reader", "admin"):
            assert seen.events[user][0]["document"]["name"] == "renamed.txt"
            assert seen.changes(user)[-1] == "REMOVED"
        assert seen.events["stranger"] == seen.events["admin's key"] == []


async def test_collection_events_report_access_with_the_own_level(database: Database, tmp_path: Path) -> None:
    users = ("stranger", "reader", "manager", "local")
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, COLLECTIONS, *users) as seen:
        access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [STRANGER]}
        await workshop.mutate("manager", "grantAccess", **access, level="WRITE")
        await seen.settle("stranger", "manager", "local")
        expected = {"name": "Manuals", "myLevel": "WRITE", "access": None}
        assert seen.events["stranger"] == [
            {"change": "ADDED", "collectionId": workshop.collection, "collection": expected}
        ]
        assert seen.events["manager"][0]["collection"] == {
            "name": "Manuals", "myLevel": "MANAGE", "access": {"totalCount": 4},
        }  # fmt: skip
        await workshop.mutate("manager", "revokeAccess", **access)
        await seen.settle("stranger", "manager", "local", count=2)
        assert seen.events["stranger"][1] == {
            "change": "REMOVED", "collectionId": workshop.collection, "collection": None,
        }  # fmt: skip
        await workshop.mutate("manager", "updateCollection", id=workshop.collection, name="Handbooks")
        await seen.settle("manager", "local", count=3)
        await seen.settle("reader")
        [renamed] = seen.events["reader"]
        assert renamed["collection"] == {"name": "Handbooks", "myLevel": "READ", "access": None}, "and no event before"
        assert seen.events["local"][2]["collection"]["name"] == "Handbooks"
        assert len(seen.events["stranger"]) == 2


async def test_a_member_receives_a_change_of_the_own_level(database: Database, tmp_path: Path) -> None:
    async with (
        open_workshop(database, tmp_path) as workshop,
        watching(workshop, COLLECTIONS, "reader", "writer") as seen,
    ):
        access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [READER]}
        await workshop.mutate("manager", "grantAccess", **access, level="WRITE")
        await seen.settle("reader")
        [event] = seen.events["reader"]
        assert (event["change"], event["collection"]["myLevel"]) == ("UPDATED", "WRITE")
        assert seen.events["writer"] == []


async def test_a_change_of_a_group_reaches_its_members(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        created = await workshop.mutate(
            "admin", "createGroup", "... on GroupSuccess { group { id } }", name="Night shift"
        )
        group = created["group"]["id"]
        access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [group], "level": "READ"}
        await workshop.mutate("manager", "grantAccess", **access)
        async with watching(workshop, COLLECTIONS, "stranger", "reader") as seen:
            await workshop.mutate("admin", "updateGroup", id=group, memberIds=[STRANGER, READER])
            await seen.settle("stranger")
            await workshop.mutate("admin", "deleteGroup", id=group)
            await seen.settle("stranger", count=2)
            assert seen.changes("stranger") == ["ADDED", "REMOVED"]
            assert "REMOVED" not in seen.changes("reader"), "the reader keeps the own access"


async def test_a_change_of_a_level_is_sent(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, COLLECTIONS, "reader") as seen:
        access: dict[str, Any] = {"collectionId": workshop.collection, "principalIds": [READER]}
        await workshop.mutate("manager", "grantAccess", **access, level="WRITE")
        await seen.settle("reader")
        [event] = seen.events["reader"]
        assert (event["change"], event["collection"]["myLevel"]) == ("UPDATED", "WRITE")


async def test_an_administrator_keeps_what_a_revocation_takes_from_others(database: Database, tmp_path: Path) -> None:
    both: dict[str, Any] = {"principalIds": [user_id(3), READER]}
    async with open_workshop(database, tmp_path) as workshop:
        await workshop.mutate("manager", "grantAccess", collectionId=workshop.collection, level="READ", **both)
        async with (
            watching(workshop, COLLECTIONS, "admin", "reader") as collections,
            watching(workshop, DOCUMENTS, "admin", "reader") as documents,
        ):
            await workshop.mutate("manager", "revokeAccess", collectionId=workshop.collection, **both)
            await documents.settle("reader", count=2)
            await collections.settle("admin", "reader")
            assert (collections.changes("admin"), collections.changes("reader")) == (["UPDATED"], ["REMOVED"])
            assert (documents.changes("admin"), documents.changes("reader")) == ([], ["REMOVED", "REMOVED"])


async def test_those_who_manage_a_collection_learn_that_a_member_was_erased(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, COLLECTIONS, "manager") as seen:
        await workshop.mutate("reader", "deleteUser", id=READER)
        await seen.settle("manager")
        assert seen.events["manager"][0]["collection"]["access"] == {"totalCount": 2}


class GatedCollectionStore(FakeCollectionStore):
    """A collection whose first list of members is returned after `gate` was set."""

    def __init__(self) -> None:
        super().__init__(COLLECTION)
        self.present: dict[UserId, AccessLevel] = {}
        self.gate: anyio.Event | None = anyio.Event()

    async def members(self) -> Mapping[CollectionId, Mapping[UserId, AccessLevel]]:
        members, gate, self.gate = {COLLECTION.id: dict(self.present)}, self.gate, None
        if gate is not None:
            await gate.wait()
        return members


async def test_a_revocation_is_published_after_a_grant_that_is_still_being_published() -> None:
    store, stranger = GatedCollectionStore(), PEOPLE["stranger"]
    gate, documents = store.gate, cast(Any, None)
    assert gate is not None
    members = Memberships(store, {})
    events = CollectionEvents(cast(Any, store), documents, DocumentEvents(documents, members), members, SYSTEM)
    received: dict[int, ChangeKind] = {}

    async def watch() -> None:
        async with events.watch(stranger, None) as changes:
            async for change in changes:
                received[len(received)] = change.kind

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        store.present = {stranger.user_id: AccessLevel.READ}
        tasks.start_soon(events.publish_access)
        await anyio.wait_all_tasks_blocked()
        store.present = {}
        tasks.start_soon(events.publish_access)
        await anyio.wait_all_tasks_blocked()
        gate.set()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert members.of_collection(COLLECTION.id) == frozenset()
    assert list(received.values())[-1] is ChangeKind.REMOVED


async def test_one_who_ends_the_own_access_receives_the_removal(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop, watching(workshop, COLLECTIONS, "manager") as seen:
        result = await workshop.mutate(
            "manager", "revokeAccess", "... on CollectionSuccess { collection { name } }",
            collectionId=workshop.collection, principalIds=[user_id(6)],
        )  # fmt: skip
        assert result["collection"] == {"name": "Manuals"}
        await seen.settle("manager")
        assert seen.changes("manager") == ["REMOVED"]


@pytest.mark.parametrize("user", ["stranger", "admin's key"])
async def test_a_subscription_to_an_invisible_collection_is_not_found(
    database: Database, tmp_path: Path, user: str
) -> None:
    document = "subscription ($id: ID) { collectionEvents(collectionId: $id) { change } }"
    async with open_workshop(database, tmp_path) as workshop:
        [payload] = await workshop.server.subscribe(user, document, {"id": workshop.collection}, 1)
        assert "NOT_FOUND" in payload
