"""Erasure of users: no table has anything of theirs, except what a collection owns and the audit log without names."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from persistence.access.erasures import Erasures
from persistence.database.access_tables import ApiKey, AuditEntry, Invitation, Login
from persistence.database.database import Database
from persistence.database.json_columns import now
from persistence.database.sqlite import fetch, fetch_value
from records.access import AccessLevel, AccessScope, Principals
from records.document import EraseReceipt
from schema.common import global_ids
from services.erasure.erasure import total
from tests.access import LOCAL, PEOPLE
from tests.collections.workshop import MANUALS, Workshop, ingest, open_workshop
from tests.persistence.stores import Stores, cite

RECEIPT = "... on DeleteUserSuccess { deletedId receipt { chunks keywordEntries vectors messages originals bytes } }"
READER = PEOPLE["reader"]
CANARY = "quillwort"


async def delete(workshop: Workshop, viewer: str, name: str) -> Any:
    return await workshop.mutate(viewer, "deleteUser", RECEIPT, id=global_ids.USER.encode(PEOPLE[name].user_id))


async def fill(database: Database, scope: AccessScope) -> None:
    """Give a user a session with an exchange, a log-in, a key and entries in the audit log, all with a word of their own."""
    stores = Stores(database, scope)
    session = await stores.session(f"Session {CANARY}")
    await stores.exchange(session.id, f"Prompt {CANARY}", f"Answer {CANARY}")
    await ingest(stores, f"{CANARY}.txt", f"The private text of {CANARY}.")
    async with database.writing() as transaction:
        moment, user_id = now(), scope.user_id
        await Login.create(
            using_db=transaction, user_id=user_id, client=CANARY, created_at=moment, last_used_at=moment, ends_at=moment
        )
        await ApiKey.create(
            using_db=transaction, user_id=user_id, name=CANARY, prefix="glk_1", digest="0" * 64, access_limit="READ",
            created_at=moment,
        )  # fmt: skip
        common: dict[str, Any] = {"using_db": transaction, "at": moment, "action": "LOG_IN", "outcome": "DONE"}
        await AuditEntry.create(actor_id=user_id, actor_name=CANARY, address="192.0.2.1", **common)
        await AuditEntry.create(
            actor_id=1, actor_name="Local", target_kind="user", target_id=user_id, target_name=CANARY, **common
        )
        await AuditEntry.create(actor_id=None, actor_name="READER@example.org", address="192.0.2.1", **common)
        await AuditEntry.create(
            actor_id=1, actor_name="Local", target_kind="invitation", target_id=1, target_name="Reader@example.org",
            **common,
        )  # fmt: skip
        await Invitation.create(
            using_db=transaction, digest="0" * 64, email="Reader@example.org", email_key="reader@example.org", role="USER",
            inviter_id=1, created_at=moment, expires_at=moment, used_at=moment,
        )  # fmt: skip


async def occurrences(database: Database, word: str) -> list[str]:
    """Return the tables in which a column contains a word."""
    async with database.snapshot() as reader:
        tables = [
            row[0]
            for row in await fetch(
                reader, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"
            )
        ]
        rows = [(name, await fetch(reader, f'SELECT * FROM "{name}"')) for name in tables]
    return [name for name, found in rows if any(word in str(value).lower() for row in found for value in row)]


async def test_nothing_of_an_erased_user_is_left(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        await fill(database, READER)
        assert len(await occurrences(database, CANARY)) >= 8
        result = await delete(workshop, "admin", "reader")
        assert result["deletedId"] == global_ids.USER.encode(READER.user_id)
        receipt = result["receipt"]
        assert (receipt["chunks"], receipt["messages"]) == (2, 2), "the private text of the workshop, too"
        assert int(receipt["bytes"]) > 0
        assert await occurrences(database, CANARY) == []
        assert await occurrences(database, "reader@example.org") == []
        async with database.snapshot() as reader:
            for index in ("chunks_fts", "messages_fts", "sessions_fts"):
                query = f"SELECT count(*) FROM {index} WHERE {index} MATCH ?"
                assert await fetch_value(reader, query, [CANARY]) == 0
            entries = await fetch(reader, "SELECT actor_id, actor_name, address, target_name FROM audit_entries")
        assert [tuple(row) for row in entries][:3] == [
            (READER.user_id, "", None, None), (1, "Local", None, None), (None, "", None, None),
        ]  # fmt: skip
        assert (await workshop.query("admin", "{ users { nodes { name } } }"))["users"]["nodes"] == [
            {"name": each} for each in ("Local user", "Stranger", "Admin", "Writer", "Manager")
        ]


async def test_documents_in_a_collection_stay_with_it_and_quotes_stay_with_others(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        own = await ingest(Stores(database, PEOPLE["writer"]), "mine.txt", "The torque of bolt C is 70 Nm.")
        await workshop.stores.collections.add_documents(PEOPLE["writer"], workshop.key, [own.id])
        stores = Stores(database, READER)
        session = await stores.session("Torque")
        _, answer = await stores.exchange(session.id, "What torque?", "70 Nm [1].", cite(own, None))
        assert (await delete(workshop, "local", "writer"))["receipt"]["chunks"] == 0
        found = await stores.documents.get(READER, own.id)
        assert (found.owner_id, found.owning_collection_id) == (None, workshop.key)
        [citation] = (await stores.messages.get(READER, answer.id)).citations
        assert (citation.quote, citation.document_id) == ("35 Nm", own.id)


async def test_a_document_with_bytes_that_the_collection_owns_is_erased(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        copy = await ingest(Stores(database, PEOPLE["writer"]), "shared.txt", "The torque of bolt A is 35 Nm.")
        await workshop.stores.collections.add_documents(PEOPLE["writer"], workshop.key, [copy.id])
        assert (await delete(workshop, "local", "writer"))["receipt"]["chunks"] == 1
        assert await workshop.stores.documents.find(LOCAL, copy.id) is None


async def test_a_document_is_owned_by_a_collection_that_does_not_own_its_bytes(
    database: Database, tmp_path: Path
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        copy = await ingest(Stores(database, PEOPLE["writer"]), "shared.txt", "The torque of bolt A is 35 Nm.")
        other = await workshop.stores.collections.create(LOCAL, MANUALS)
        writer = Principals((PEOPLE["writer"].user_id,))
        await workshop.stores.grants.grant(LOCAL, other.id, writer, AccessLevel.WRITE)
        for key in (workshop.key, other.id):
            await workshop.stores.collections.add_documents(PEOPLE["writer"], key, [copy.id])
        assert (await delete(workshop, "local", "writer"))["receipt"]["chunks"] == 0
        found = await workshop.stores.documents.get(LOCAL, copy.id)
        assert found.owning_collection_id == other.id


@pytest.mark.parametrize(
    ("viewer", "name", "expected"),
    [
        ("reader", "reader", "DeleteUserSuccess"),
        ("admin", "writer", "DeleteUserSuccess"),
        ("admin", "admin", "DeleteUserSuccess"),
        ("local", "admin", "DeleteUserSuccess"),
        ("local", "local", "ConflictError"),
        ("admin", "local", "ConflictError"),
        ("manager", "reader", "ForbiddenError"),
        ("reader", "writer", "NotFoundError"),
    ],
)
async def test_users_are_erased_by_themselves_and_by_higher_roles(
    database: Database, tmp_path: Path, viewer: str, name: str, expected: str
) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        assert (await delete(workshop, viewer, name))["__typename"] == expected


async def test_an_interrupted_erasure_is_continued_at_the_next_start(database: Database, tmp_path: Path) -> None:
    async with open_workshop(database, tmp_path) as workshop:
        await fill(database, READER)
        await Erasures(database).begin_user(LOCAL, READER.user_id)
        assert (await workshop.query("admin", "{ users { nodes { id active } } }"))["users"]["nodes"][3] == {
            "id": global_ids.USER.encode(READER.user_id), "active": False,
        }  # fmt: skip
        await workshop.server.erasure.resume()
        with anyio.fail_after(10):
            while await Erasures(database).interrupted_users():
                await anyio.sleep(0.01)
        assert await occurrences(database, CANARY) == []


async def test_a_request_that_is_late_stores_nothing_for_an_erased_user(database: Database, tmp_path: Path) -> None:
    requests: tuple[tuple[str, dict[str, Any]], ...] = (
        ("importDocument", {"source": {"text": f"Late {CANARY}."}}),
        ("createSession", {"name": f"Late {CANARY}"}),
    )
    async with open_workshop(database, tmp_path) as workshop:
        await Erasures(database).begin_user(LOCAL, READER.user_id)
        for mutation, sent in requests:
            assert (await workshop.mutate("reader", mutation, **sent))["code"] == "NOT_FOUND"
        assert await occurrences(database, CANARY) == []
        assert [path for path in (tmp_path / "originals").rglob("*") if path.is_file()] == []


def test_the_numbers_of_receipts_are_added() -> None:
    one = EraseReceipt(chunks=1, keyword_entries=2, vectors=3, messages=4, originals=5, bytes=6)
    assert total([]) == EraseReceipt()
    assert total([one, one]) == EraseReceipt(2, 4, 6, 8, 10, 12)
