"""Adds an object of every type in every place to the database of a server."""

from datetime import timedelta
from typing import Any

from persistence.database.access_tables import Login, User
from persistence.database.json_columns import now
from persistence.database.sqlite import execute, fetch_value
from records.access import (
    AccessLevel,
    AccessScope,
    AuditAction,
    AuditOutcome,
    CollectionFields,
    CollectionRecord,
    KeyLimit,
    NewAuditEntry,
    Principals,
    Role,
)
from records.ids import ModelId
from records.session import SessionSettings
from schema.common import global_ids
from services.access import Access
from tests.access import LOCAL, PEOPLE
from tests.collections.workshop import LEVELS, ingest
from tests.isolation.matrix.placements import (
    ASSIGNED,
    DELETED,
    FOREIGN,
    LENT,
    NEVER,
    OTHER_TYPE,
    OWN,
    UNASSIGNED,
    WRITABLE,
    Right,
    rights_on,
)
from tests.isolation.two_users import TwoUsers
from tests.persistence.stores import Stores

Ids = dict[tuple[str, str], str]
"""Global ids by type and place."""
NUMBERED: dict[str, global_ids.IdCodec[Any]] = {
    codec.type_name: codec
    for codec in (
        global_ids.DOCUMENT, global_ids.CHUNK, global_ids.SESSION, global_ids.MESSAGE, global_ids.USER, global_ids.LOGIN,
        global_ids.API_KEY, global_ids.INVITATION, global_ids.AUDIT_ENTRY, global_ids.GROUP, global_ids.COLLECTION,
    )
} | {"Prompt": global_ids.MESSAGE}  # fmt: skip
TABLES = {
    "Message": "messages", "Prompt": "messages", "Session": "sessions", "Chunk": "chunks", "Document": "documents",
    "Login": "logins", "ApiKey": "api_keys", "Invitation": "invitations", "AuditEntry": "audit_entries", "Group": "groups",
    "Collection": "collections", "User": "users",
}  # fmt: skip
"""The table of each type, in an order in which rows can be deleted."""
MODEL = ModelId("0123456789abcdef")


def other_than(user: str) -> str:
    """Return the name of another user, who has the foreign objects."""
    return "writer" if user == "stranger" else "stranger"


class Objects:
    """Adds objects and collects their ids. `user` has the own objects, `other` the foreign ones."""

    def __init__(self, server: TwoUsers, access: Access, user: str) -> None:
        self.database = server.answers.stores.database
        self.server = server
        self.access = access
        self.user = user
        self.owners: dict[str, AccessScope] = {
            OWN: PEOPLE[user], FOREIGN: PEOPLE[other_than(user)], DELETED: PEOPLE[user]
        }  # fmt: skip
        self.ids: Ids = {}
        self.collections: dict[str, CollectionRecord] = {}

    def put(self, kind: str, place: str, key: Any) -> None:
        self.ids[kind, place] = NUMBERED[kind].encode(key)

    async def add_collections(self) -> None:
        stores = self.server.answers.stores
        for place in (WRITABLE, ASSIGNED, UNASSIGNED, DELETED):
            fields = CollectionFields(place, None, SessionSettings(), hides_system_prompt=False, locked=())
            self.collections[place] = await stores.collections.create(LOCAL, fields)
            self.put("Collection", place, self.collections[place].id)
        del self.collections[DELETED]
        everyone = Principals(tuple({scope.user_id for scope in PEOPLE.values()}))
        await stores.grants.grant(LOCAL, self.collections[WRITABLE].id, everyone, AccessLevel.WRITE)
        for name, level in LEVELS.items():
            await stores.grants.grant(LOCAL, self.collections[ASSIGNED].id, Principals((PEOPLE[name].user_id,)), level)

    async def add_documents(self) -> None:
        for place, owner in (*self.owners.items(), (LENT, self.owners[FOREIGN])):
            await self._add_document(place, Stores(self.database, owner))
        for place, collection in self.collections.items():
            stores = Stores(self.database)
            await self._add_document(place, stores, owning_collection_id=collection.id)

    async def _add_document(self, place: str, stores: Stores, **parts: Any) -> None:
        document = await ingest(stores, f"{place}.txt", f"The torque of a bolt {place} is 35 Nm.", **parts)
        self.put("Document", place, document.id)
        async with self.database.writing() as transaction:
            if place == LENT:
                row = [self.collections[ASSIGNED].id, document.id]
                query = "INSERT INTO collection_documents (collection_id, document_id) VALUES (?, ?)"
                await execute(transaction, query, row)
            query = "SELECT id FROM chunks WHERE document_id = ?"
            self.put("Chunk", place, await fetch_value(transaction, query, [document.id]))

    async def add_sessions(self) -> None:
        for place, owner in self.owners.items():
            stores = Stores(self.database, owner)
            visible = [
                global_ids.DOCUMENT.get_key(each, "")
                for (kind, where), each in self.ids.items()
                if kind == "Document" and (where == FOREIGN if place == FOREIGN else self._sees(where))
            ]
            session = await stores.session(f"Session {place}", *visible)
            prompt, answer = await stores.exchange(session.id, "What torque?", "35 Nm.")
            self.put("Prompt", place, prompt.id)
            self.put("Session", place, session.id)
            self.put("Message", place, answer.id)

    def _sees(self, place: str) -> bool:
        return self.user in rights_on("Document", place)[Right.SEE]

    async def add_accounts(self) -> None:
        stores, later = self.access.stores, now() + timedelta(days=1)
        for place, owner in self.owners.items():
            key = await stores.api_keys.create(owner, place, f"glk_{place}", place, KeyLimit.READ, later)
            self.put("ApiKey", place, key.id)
            self.put("User", place, owner.user_id)
            group = await self.server.answers.stores.groups.create(LOCAL, f"Group {place}", [owner.user_id])
            self.put("Group", place, group.id)
            for collection in self.collections.values():
                await stores.audit.add(_entry(owner, collection))
        for number, place in enumerate((FOREIGN, DELETED), 1):
            invitation = await stores.invitations.create(LOCAL, place, None, Role.USER, later, ())
            self.put("Invitation", place, invitation.id)
            self.put("AuditEntry", place, number)
        async with self.database.writing() as transaction:
            for place, owner in self.owners.items():
                login = await Login.create(
                    using_db=transaction, user_id=owner.user_id, client=place, created_at=now(), last_used_at=now(),
                    ends_at=later,
                )  # fmt: skip
                self.put("Login", place, login.id)
            gone = await User.create(using_db=transaction, name="Gone", role=Role.USER.value, created_at=now())
            self.put("User", DELETED, gone.id)

    async def delete(self) -> None:
        """Delete the objects whose place is DELETED."""
        async with self.database.writing() as transaction:
            for kind, table in TABLES.items():
                key = NUMBERED[kind].find_key(self.ids[kind, DELETED])
                await execute(transaction, f"DELETE FROM {table} WHERE id = ?", [key])

    def add_others(self) -> None:
        """Add the ids that are no numbers, and the ids of no object."""
        self.ids["Model", FOREIGN] = global_ids.MODEL.encode(MODEL)
        self.ids["Model", NEVER] = global_ids.MODEL.encode(ModelId("404"))
        self.ids["Provider", FOREIGN] = global_ids.PROVIDER.encode("local")
        self.ids["Provider", NEVER] = global_ids.PROVIDER.encode("nowhere")
        for kind in NUMBERED:
            self.put(kind, NEVER, 404)
        for kind in (*NUMBERED, "Model", "Provider"):
            self.ids[kind, OTHER_TYPE] = self.ids["Document" if kind == "Session" else "Session", OWN]


def _entry(actor: AccessScope, collection: CollectionRecord) -> NewAuditEntry:
    target = ("collection", int(collection.id))
    return NewAuditEntry(actor.user_id, "Actor", None, AuditAction.GRANTED, target, None, AuditOutcome.DONE, None, None)


async def add_objects(server: TwoUsers, access: Access, user: str) -> Ids:
    """Add an object of every type in every place, as seen by a user. Return their ids."""
    objects = Objects(server, access, user)
    await objects.add_collections()
    await objects.add_documents()
    await objects.add_sessions()
    await objects.add_accounts()
    objects.add_others()
    await objects.delete()
    await server.members.refresh()
    return objects.ids
