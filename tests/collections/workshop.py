"""A collection with members at each level, a document of its own and one of an administrator, served over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persistence.database.database import Database
from records.access import AccessLevel, CollectionFields, Principals
from records.document import DocumentRecord, DocumentStatus
from records.ids import CollectionId
from records.session import SessionSettings
from schema.common import global_ids
from tests.access import LOCAL, PEOPLE
from tests.isolation.two_users import TwoUsers, open_two_users
from tests.persistence.stores import Stores

ERROR = "__typename ... on Error { code message path }"
LEVELS = {"reader": AccessLevel.READ, "writer": AccessLevel.WRITE, "manager": AccessLevel.MANAGE}
MANUALS = CollectionFields("Manuals", "For the workshop", SessionSettings(), hides_system_prompt=False, locked=())


@dataclass(frozen=True)
class Workshop:
    """The server, and the ids of its objects as clients send them.

    The collection owns `shared`. The administrator owns `added`, which is in the collection too; `reader` and `local` own
    `private` and `hidden`, which are in no collection.
    """

    server: TwoUsers
    stores: Stores
    key: CollectionId
    collection: str
    shared: str
    added: str
    private: str
    hidden: str

    async def query(self, user: str, document: str, **variables: Any) -> Any:
        """Execute an operation as a user and return its data. Fails the test on any top-level error."""
        _, body = await self.server.execute(user, document, variables)
        reply = json.loads(body)
        assert "errors" not in reply, reply
        return reply["data"]

    async def mutate(self, user: str, mutation: str, fields: str = "", **input: Any) -> Any:
        """Execute a mutation as a user and return its result."""
        name = mutation[0].upper() + mutation[1:]
        kind = "CollectionDocumentsInput" if "Documents" in mutation else f"{name}Input"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {ERROR} {fields} }} }}"
        return (await self.query(user, document, input=input))[mutation]


async def ingest(stores: Stores, name: str, text: str, **parts: Any) -> DocumentRecord:
    """Store a READY document of one chunk, owned by the user of the stores or by `owning_collection_id`."""
    document = await stores.ingest(text, name=name, **parts)
    await stores.embed(document.id)
    return await stores.ingested.set_status(document.id, DocumentStatus.READY)


@asynccontextmanager
async def open_workshop(database: Database, folder: Path) -> AsyncIterator[Workshop]:
    """Serve the collection while the block is open."""
    async with open_two_users(database, folder) as server:
        yield await fill(database, server)


async def fill(database: Database, server: TwoUsers) -> Workshop:
    stores = Stores(database)
    collection = await stores.collections.create(LOCAL, MANUALS)
    for name, level in LEVELS.items():
        await stores.grants.grant(LOCAL, collection.id, Principals((PEOPLE[name].user_id,)), level)
    await server.members.refresh()
    shared = await ingest(stores, "shared.txt", "The torque of bolt A is 35 Nm.", owning_collection_id=collection.id)
    added = await ingest(Stores(database, PEOPLE["admin"]), "added.txt", "The torque of bolt B is 50 Nm.")
    await stores.collections.add_documents(PEOPLE["admin"], collection.id, [added.id])
    private = await ingest(Stores(database, PEOPLE["reader"]), "private.txt", "My torque wrench is red.")
    hidden = await ingest(stores, "hidden.txt", "The secret torque is 99 Nm.")
    ids = [global_ids.DOCUMENT.encode(each.id) for each in (shared, added, private, hidden)]
    return Workshop(server, stores, collection.id, global_ids.COLLECTION.encode(collection.id), *ids)
