"""Deletion of collections: what becomes of their documents, what the receipt counts, and who is notified."""

from pathlib import Path
from typing import Any, cast

import pytest

from concurrency import open_owned_tasks
from persistence.access.audit_entries import AuditEntries
from persistence.access.erasures import Erasures
from persistence.database.database import Database
from persistence.database.sqlite import fetch, fetch_value
from records.access import AccessLevel, Exchange, LeftDocuments, Principals
from records.document import EraseReceipt
from records.errors import DiskFull
from schema.common import global_ids
from services.access.audit_log import AuditLog
from services.collections.collection_events import CollectionEvents
from services.erasure import Erasure
from services.ingestion.document_events import DocumentEvents
from tests.access import LOCAL, PEOPLE, SYSTEM
from tests.collections.test_events import COLLECTIONS, DOCUMENTS, watching
from tests.collections.workshop import MANUALS, Workshop, ingest, open_workshop
from tests.fakes.authentication import make_viewer
from tests.persistence.stores import Stores
from tests.support.supervisor import open_test_supervisor

RECEIPT = "... on DeleteCollectionSuccess { deletedId receipt { chunks keywordEntries vectors messages originals } }"
OWNER = "query ($id: ID!) { document(id: $id) { owner { name } collections { name } } }"


async def delete(workshop: Workshop, user: str = "admin", **input: Any) -> Any:
    return await workshop.mutate(user, "deleteCollection", RECEIPT, id=workshop.collection, **input)


async def documents(workshop: Workshop, user: str) -> list[str]:
    found = await workshop.query(user, "{ documents(orderBy: { field: NAME, direction: ASC }) { nodes { name } } }")
    return [node["name"] for node in found["documents"]["nodes"]]


async def test_kept_documents_are_owned_by_the_one_who_deletes(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        result = await delete(workshop)
        assert result["deletedId"] == workshop.collection
        assert result["receipt"]["chunks"] == 0
        assert (await workshop.query("admin", OWNER, id=workshop.shared))["document"] == {
            "owner": {"name": "Admin"}, "collections": [],
        }  # fmt: skip
        assert await documents(workshop, "admin") == ["added.txt", "shared.txt"]
        assert await documents(workshop, "reader") == ["private.txt"]
        assert await documents(workshop, "local") == ["hidden.txt"]


async def test_documents_of_the_collection_alone_are_erased_on_request(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        result = await delete(workshop, documents="ERASE_IF_NOWHERE_ELSE")
        receipt = result["receipt"]
        assert (receipt["chunks"], receipt["keywordEntries"], receipt["messages"]) == (1, 1, 0)
        assert await documents(workshop, "admin") == ["added.txt"], "documents of users stay"
        key = global_ids.DOCUMENT.find_key(workshop.shared)
        async with database.snapshot() as reader:
            for table in ("documents", "chunks", "text_pieces", "collection_documents"):
                column = "id" if table == "documents" else "document_id"
                query = f"SELECT count(*) FROM {table} WHERE {column} = ?"
                assert await fetch_value(reader, query, [key]) == 0, table


async def test_a_document_in_another_collection_is_owned_by_that(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        other = await workshop.stores.collections.create(LOCAL, MANUALS)
        key = global_ids.DOCUMENT.get_key(workshop.shared, "")
        await workshop.stores.collections.add_documents(LOCAL, other.id, [key])
        await workshop.stores.grants.grant(LOCAL, other.id, Principals((PEOPLE["reader"].user_id,)), AccessLevel.MANAGE)
        result = await delete(workshop, documents="ERASE_IF_NOWHERE_ELSE")
        assert result["receipt"]["chunks"] == 0
        found = await workshop.stores.documents.get(PEOPLE["reader"], key)
        assert (found.owner_id, found.owning_collection_id, found.collection_ids) == (None, other.id, (other.id,))


@pytest.mark.parametrize("left", ["KEEP", "ERASE_IF_NOWHERE_ELSE"])
async def test_the_same_bytes_of_the_new_owner_are_kept_once(database: Database, tmp_path: Path, left: str) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        await ingest(Stores(database, PEOPLE["admin"]), "shared.txt", "The torque of bolt A is 35 Nm.")
        result = await delete(workshop, documents=left)
        assert result["receipt"]["chunks"] == 1
        assert await documents(workshop, "admin") == ["added.txt", "shared.txt"]


@pytest.mark.parametrize(("user", "expected"), [("manager", "FORBIDDEN"), ("admin's key", "FORBIDDEN")])
async def test_only_administrators_delete_collections(
    database: Database, tmp_path: Path, user: str, expected: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        document = "mutation ($input: DeleteCollectionInput!) { deleteCollection(input: $input) { __typename } }"
        _, body = await workshop.server.execute(user, document, {"input": {"id": workshop.collection}})
        assert expected in body
        async with database.snapshot() as reader:
            assert len(await fetch(reader, "SELECT id FROM collections")) == 1


async def test_members_receive_the_removal_of_the_collection_and_its_documents(
    database: Database, tmp_path: Path
) -> None:
    async with (
        open_workshop(database, tmp_path) as workshop,
        watching(workshop, COLLECTIONS, "reader", "stranger", "local") as collections,
        watching(workshop, DOCUMENTS, "reader", "stranger", "local", "admin") as seen,
    ):
        await delete(workshop)
        await collections.settle("reader", "local")
        await seen.settle("reader", "local", count=2)
        assert collections.changes("reader") == collections.changes("local") == ["REMOVED"]
        for user in ("reader", "local"):
            assert sorted(event["documentId"] for event in seen.events[user]) == sorted(
                [workshop.shared, workshop.added]
            )
            assert set(seen.changes(user)) == {"REMOVED"}
        assert collections.events["stranger"] == seen.events["stranger"] == []
        assert "REMOVED" not in seen.changes("admin"), "the administrator owns both documents now"


class FullDisk:
    """Erases no document."""

    async def prepare_deletions(self) -> None: ...

    async def delete_document(self, *_: object) -> EraseReceipt:
        raise DiskFull


async def test_the_audit_log_has_a_deletion_whose_documents_are_erased_later(
    database: Database, tmp_path: Path
) -> None:
    entry = "SELECT target_name FROM audit_entries WHERE action = 'COLLECTION_CHANGED'"
    async with open_workshop(database, tmp_path) as workshop, open_test_supervisor() as supervisor:
        stores, members, unused = workshop.stores, workshop.server.members, cast(Any, None)
        events = CollectionEvents(
            stores.collections, stores.documents, DocumentEvents(stores.documents, members), members, SYSTEM
        )
        async with open_owned_tasks(supervisor, "test") as tasks:
            erasure = Erasure(
                Erasures(database), unused, stores.collections, unused, FullDisk(), events, unused,
                AuditLog(AuditEntries(database)), tasks,
            )  # fmt: skip
            with pytest.raises(DiskFull):
                await erasure.delete_collection(
                    make_viewer(), Exchange(), workshop.key, LeftDocuments.ERASE_IF_NOWHERE_ELSE
                )
        async with database.snapshot() as reader:
            assert await fetch_value(reader, entry) == "Manuals"


async def test_sessions_stay_without_the_collection(database: Database, tmp_path: Path) -> None:
    session = "query ($id: ID!) { session(id: $id) { name collections { name } messages { totalCount } } }"
    async with open_workshop(database, tmp_path) as workshop:
        stores = Stores(database, PEOPLE["reader"])
        made = await stores.sessions.create(PEOPLE["reader"], "Torque", [], MANUALS.settings, [workshop.key])
        await stores.exchange(made.id, "What torque?", "35 Nm.")
        await delete(workshop)
        found = (await workshop.query("reader", session, id=global_ids.SESSION.encode(made.id)))["session"]
        assert found == {"name": "Torque", "collections": [], "messages": {"totalCount": 2}}


async def test_an_id_that_never_existed_is_not_found(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        await delete(workshop)
        assert (await delete(workshop))["code"] == "NOT_FOUND"
