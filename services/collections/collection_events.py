"""Events of collections and of the documents in them, sent to the users who have access."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import anyio

from records.access import AccessLevel, AccessScope, Audience, CollectionFilter, CollectionRecord, SystemScope
from records.document import DocumentRecord
from records.events import Change, ChangeKind
from records.filters import DocumentFilter, Order
from records.ids import CollectionId, DocumentId, UserId
from records.page import PageRequest
from services.broadcast import Broadcast
from services.ingestion.document_events import SNAPSHOT_DOCUMENTS, DocumentEvents
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.document_store import DocumentStore
from services.memberships import NOBODY, Members, Memberships
from services.snapshot_stream import snapshot_then_live

SNAPSHOT_COLLECTIONS = 100
"""Maximum number of collections in a snapshot of all. Clients read the others page by page."""
NEWEST_FIRST = Order("CREATED_AT")
PAGE = 100
"""Documents that are read together when users lose access to a collection."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A document of a collection, with its owner and the other collections that contain it."""

    document_id: DocumentId
    owner_id: UserId | None
    others: tuple[CollectionId, ...]


class CollectionEvents:
    """Publishes the changes of collections, of the access to them, and of the documents that they contain."""

    def __init__(
        self,
        collections: CollectionStore,
        documents: DocumentStore,
        document_events: DocumentEvents,
        members: Memberships,
        system: SystemScope,
    ) -> None:
        """Create the events. `system` is the scope in which collections are read whose members have changed."""
        self._collections = collections
        self._documents = documents
        self._document_events = document_events
        self._members = members
        self._system = system
        self._publishing = anyio.Lock()
        "Locked from the reading of the members until their changes are published: no older change follows a newer one."
        self._changes: Broadcast[CollectionRecord] = Broadcast()

    @property
    def watchers(self) -> int:
        """The number of subscribers."""
        return self._changes.watchers

    def publish(self, kind: ChangeKind, collection: CollectionRecord) -> None:
        """Publish a change of a collection to its members and to the administrators."""
        self._send(kind, collection, Audience(members=self._members.of_collection(collection.id), is_shared=True))

    def _send(self, kind: ChangeKind, collection: CollectionRecord, audience: Audience) -> None:
        record = None if kind is ChangeKind.REMOVED else collection
        self._changes.publish(Change(kind, collection.id, record, audience))

    def publish_documents(
        self, kind: ChangeKind, collection: CollectionRecord, documents: Iterable[DocumentRecord]
    ) -> None:
        """Publish documents that were added to a collection (ADDED) or removed from it (REMOVED), after the change."""
        for document in documents:
            others = tuple(each for each in document.collection_ids if each != collection.id)
            elsewhere = NOBODY.union(*map(self._members.of_collection, others), _only(document.owner_id))
            changed = Audience(
                members=self._members.of_collection(collection.id), is_shared=not others, excluded=elsewhere,
                excludes_admins=bool(others),
            )  # fmt: skip
            if kind is ChangeKind.ADDED:
                self._document_events.publish_access(kind, document, changed)
            else:
                self._document_events.publish_lost(document.id, changed)
            placed = document if kind is ChangeKind.ADDED else replace(document, collection_ids=others)
            unchanged = Audience(document.owner_id, elsewhere, is_shared=bool(others))
            self._document_events.publish_access(ChangeKind.UPDATED, placed, unchanged)
        self.publish(ChangeKind.UPDATED, collection)

    async def publish_access(self) -> None:
        """Publish the consequences of a change of grants or groups to the users whose access has changed."""
        async with self._publishing:
            await self._publish_changes(*await self._members.refresh())

    async def _publish_changes(self, earlier: Members, present: Members) -> None:
        changed = [each for each in earlier.keys() | present.keys() if earlier.get(each) != present.get(each)]
        for collection in (await self._collections.find_many(self._system, sorted(changed))).values():
            before, after = earlier.get(collection.id, {}), present.get(collection.id, {})
            lost, gained = frozenset(before.keys() - after.keys()), frozenset(after.keys() - before.keys())
            self._send(ChangeKind.REMOVED, collection, Audience(members=lost, excludes_admins=True))
            self._send(ChangeKind.ADDED, collection, Audience(members=gained, excludes_admins=True))
            self._send(ChangeKind.UPDATED, collection, Audience(members=_informed(before, after), is_shared=True))
            if self._document_events.watchers:
                await self._publish_lost_documents(collection.id, lost)
                await self._publish_gained_documents(collection.id, gained)

    async def contents(self, collection: CollectionRecord) -> Sequence[Placement]:
        """Return the documents of a collection that is to be deleted, for `publish_deleted`; none without subscribers."""
        if not self._document_events.watchers:
            return ()
        return [_placement(document, collection.id) async for document in self._contained(collection.id)]

    async def publish_deleted(self, collection: CollectionRecord, contents: Sequence[Placement]) -> None:
        """Publish that a collection was deleted, and its documents to the users who can no longer read them."""
        async with self._publishing:
            self.publish(ChangeKind.REMOVED, collection)
            before = self._members.of_collection(collection.id)
            await self._publish_changes(*await self._members.refresh())
            for start in range(0, len(contents), PAGE):
                await self._publish_left(contents[start : start + PAGE], before)

    async def _publish_left(self, contents: Sequence[Placement], before: frozenset[UserId]) -> None:
        """Publish the removal of documents of a deleted collection to its earlier members who can no longer read them."""
        present = await self._documents.find_many(self._system, [each.document_id for each in contents])
        for each in contents:
            owner = present[each.document_id].owner_id if each.document_id in present else each.owner_id
            readers = NOBODY.union(*map(self._members.of_collection, each.others), _only(owner))
            lost = Audience(
                members=before, is_shared=not each.others, excluded=readers, excludes_admins=bool(each.others)
            )
            self._document_events.publish_lost(each.document_id, lost)

    async def _contained(self, collection_id: CollectionId) -> AsyncGenerator[DocumentRecord, None]:
        """Yield all documents of a collection, page by page."""
        request: PageRequest | None = PageRequest(first=PAGE)
        while request is not None:
            contained = DocumentFilter(collection_id=collection_id)
            page = await self._documents.page(self._system, contained, NEWEST_FIRST, request)
            for document in page.items:
                yield document
            request = PageRequest(first=PAGE, after=page.cursors[-1]) if page.has_next else None

    async def _publish_lost_documents(self, collection_id: CollectionId, users: frozenset[UserId]) -> None:
        """Publish the removal of all documents of a collection to users who can no longer read them."""
        if users:
            async for document in self._contained(collection_id):
                readers = self._members.audience(document).members | _only(document.owner_id)
                lost = Audience(members=users, excluded=readers, excludes_admins=True)
                self._document_events.publish_lost(document.id, lost)

    async def _publish_gained_documents(self, collection_id: CollectionId, users: frozenset[UserId]) -> None:
        """Publish the newest documents of a collection to users who can read them from now on."""
        if users:
            request, contained = PageRequest(first=SNAPSHOT_DOCUMENTS), DocumentFilter(collection_id=collection_id)
            gained = Audience(members=users, excludes_admins=True)
            for document in (await self._documents.page(self._system, contained, NEWEST_FIRST, request)).items:
                self._document_events.publish_access(ChangeKind.ADDED, document, gained)

    @asynccontextmanager
    async def watch(
        self, scope: AccessScope, collection_id: CollectionId | None
    ) -> AsyncIterator[AsyncGenerator[Change[CollectionRecord], None]]:
        """Stream a snapshot and then every change: of one collection, or of all collections in the scope (None).

        Each record has the level of the user of the scope. Raises `NotFound` for an unknown id.
        """
        async with self._changes.watch(collection_id, lambda change: scope.is_in(change.audience)) as live:
            snapshot = await self._snapshot(scope, collection_id)
            changes = snapshot_then_live(snapshot, lambda collection: collection.id, self._read_each(scope, live))
            async with aclosing(changes):
                yield changes

    async def _read_each(
        self, scope: AccessScope, live: AsyncGenerator[Change[CollectionRecord], None]
    ) -> AsyncGenerator[Change[CollectionRecord], None]:
        """Yield changes with the collection as the user of the scope sees it. Collections that are gone are left out."""
        async with aclosing(live):
            async for change in live:
                if change.record is None:
                    yield change
                    continue
                found = await self._collections.find_many(scope, [change.record.id])
                for collection in found.values():
                    yield replace(change, record=collection)

    async def _snapshot(self, scope: AccessScope, collection_id: CollectionId | None) -> Sequence[CollectionRecord]:
        if collection_id is not None:
            return [await self._collections.get(scope, collection_id)]
        return (await self._collections.page(scope, CollectionFilter(), PageRequest(first=SNAPSHOT_COLLECTIONS))).items


def _placement(document: DocumentRecord, collection_id: CollectionId) -> Placement:
    others = tuple(each for each in document.collection_ids if each != collection_id)
    return Placement(document.id, document.owner_id, others)


def _informed(before: Mapping[UserId, AccessLevel], after: Mapping[UserId, AccessLevel]) -> frozenset[UserId]:
    """Return the users for whom a change of access changes a collection: its managers, and those with another level.

    Other members see neither the access of others nor, by an event, that it has changed.
    """
    kept = before.keys() & after.keys()
    return frozenset(each for each in kept if after[each] is AccessLevel.MANAGE or after[each] is not before[each])


def _only(user_id: UserId | None) -> frozenset[UserId]:
    return NOBODY if user_id is None else frozenset((user_id,))
