"""Marks in the streams of events: once the last event that was published is received, all earlier ones have been as well."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from records.access import AccessLevel, CollectionFields, CollectionRecord, Principals
from records.events import ChangeKind
from records.ids import DocumentId
from records.session import SessionRecord, SessionSettings
from schema.common import global_ids
from tests.access import LOCAL, PEOPLE
from tests.isolation.two_users import TwoUsers
from tests.persistence.stores import Stores
from tests.support.builders import make_document

STREAMS = ("documentEvents", "sessionEvents", "collectionEvents")
DOCUMENT = DocumentId(10**9)
"""The id of the documents of marks, which are not stored."""


@dataclass
class Marks:
    """A session of each observer, and a collection that all of them read, whose events are marks."""

    server: TwoUsers
    sessions: dict[str, SessionRecord]
    collection: CollectionRecord

    def __post_init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def is_mark(self, user: str, stream: str, event: str) -> bool:
        """Return whether an event that an observer received is a mark, and remember it."""
        ids = {
            "documentEvents": global_ids.DOCUMENT.encode(DOCUMENT),
            "sessionEvents": global_ids.SESSION.encode(self.sessions[user].id),
            "collectionEvents": global_ids.COLLECTION.encode(self.collection.id),
        }
        is_mark = f'"{ids[stream]}"' in event
        if is_mark:
            self._seen.add((user, stream))
        return is_mark

    async def pass_all(self) -> None:
        """Publish a mark in each stream of each observer, and wait until it is received."""
        self._seen.clear()
        for user, session in self.sessions.items():
            document = make_document(id=DOCUMENT, owner_id=PEOPLE[user].user_id)
            self.server.ingestion.events.publish_updated(document)
            await self.server.answers.session_changes.changed(PEOPLE[user], session.id)
        self.server.collections.events.publish(ChangeKind.UPDATED, self.collection)
        with anyio.fail_after(30):
            while len(self._seen) < len(STREAMS) * len(self.sessions):
                await anyio.sleep(0.001)


async def add_marks(server: TwoUsers, users: Sequence[str]) -> Marks:
    """Add the session and the collection of marks of these observers."""
    stores = server.answers.stores
    fields = CollectionFields("Marks", None, SessionSettings(), hides_system_prompt=False, locked=())
    collection = await stores.collections.create(LOCAL, fields)
    members = Principals(tuple({PEOPLE[user].user_id for user in users}))
    await stores.grants.grant(LOCAL, collection.id, members, AccessLevel.READ)
    await server.members.refresh()
    sessions = {user: await Stores(stores.database, PEOPLE[user]).session("Mark") for user in users}
    return Marks(server, sessions, collection)
