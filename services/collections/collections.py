"""Collections: created, changed and assigned. Each change is stored, published and recorded in the audit log."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from typing import Any, TypeVar

from concurrency import OwnedTasks
from records.access import (
    AccessLevel,
    AccessScope,
    AuditAction,
    CollectionFields,
    CollectionRecord,
    Exchange,
    Principals,
    Viewer,
)
from records.document import DocumentRecord
from records.events import Change, ChangeKind
from records.ids import CollectionId, DocumentId
from services.access.audit_log import AuditLog
from services.collections.collection_events import CollectionEvents
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.access.grant_store import GrantStore
from services.interfaces.document_store import DocumentStore

Result = TypeVar("Result")


class Collections:
    """Changes collections, the documents in them, and the access to them."""

    def __init__(
        self,
        store: CollectionStore,
        grants: GrantStore,
        documents: DocumentStore,
        events: CollectionEvents,
        audit: AuditLog,
        tasks: OwnedTasks,
    ) -> None:
        """Create the service. `tasks` runs each change to its end, even if the client goes away."""
        self._store = store
        self._grants = grants
        self._documents = documents
        self._events = events
        self._audit = audit
        self._tasks = tasks

    @property
    def watchers(self) -> int:
        """The number of subscribers."""
        return self._events.watchers

    def watch(
        self, scope: AccessScope, collection_id: CollectionId | None
    ) -> AbstractAsyncContextManager[AsyncGenerator[Change[CollectionRecord], None]]:
        """Stream a snapshot and then every change: of one collection, or of all collections in the scope (None).

        Raises `NotFound` for an unknown id.
        """
        return self._events.watch(scope, collection_id)

    async def create(self, viewer: Viewer, exchange: Exchange, chosen: CollectionFields) -> CollectionRecord:
        """Create a collection without members and documents."""

        async def change() -> CollectionRecord:
            collection = await self._store.create(viewer.scope, chosen)
            self._events.publish(ChangeKind.ADDED, collection)
            await self._record(AuditAction.COLLECTION_CHANGED, viewer, exchange, collection, {"created": True})
            return collection

        return await self._complete(change)

    async def update(
        self,
        viewer: Viewer,
        exchange: Exchange,
        collection_id: CollectionId,
        choose: Callable[[CollectionFields], CollectionFields],
    ) -> CollectionRecord:
        """Replace the fields of a collection by those that `choose` returns for the present ones.

        Raises `NotFound`, `Forbidden` without the level MANAGE, and what `choose` raises.
        """
        changed: list[str] = []

        def apply(present: CollectionFields) -> CollectionFields:
            chosen = choose(present)
            names = (field.name for field in fields(CollectionFields))
            changed.extend(sorted(name for name in names if getattr(present, name) != getattr(chosen, name)))
            return chosen

        async def change() -> CollectionRecord:
            collection = await self._store.update(viewer.scope, collection_id, apply)
            self._events.publish(ChangeKind.UPDATED, collection)
            detail = {"changed": changed}
            await self._record(AuditAction.COLLECTION_CHANGED, viewer, exchange, collection, detail)
            return collection

        return await self._complete(change)

    async def add_documents(
        self, viewer: Viewer, exchange: Exchange, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> CollectionRecord:
        """Add documents to a collection.

        Raises `NotFound`, and `Forbidden` without the level WRITE or for a document that the user may only read.
        """

        async def change() -> CollectionRecord:
            added = await self._store.add_documents(viewer.scope, collection_id, document_ids)
            collection = await self._store.get(viewer.scope, collection_id)
            documents = (await self._documents.find_many(viewer.scope, added)).values()
            self._events.publish_documents(ChangeKind.ADDED, collection, documents)
            await self._record_documents(AuditAction.DOCUMENT_ADDED, viewer, exchange, collection, documents)
            return collection

        return await self._complete(change)

    async def remove_documents(
        self, viewer: Viewer, exchange: Exchange, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> CollectionRecord:
        """Remove documents from a collection.

        Raises `NotFound`, `Forbidden` without the level WRITE, and `Conflict` for a document that the collection owns.
        """

        async def change() -> CollectionRecord:
            known = await self._documents.find_many(viewer.scope, document_ids)
            removed = await self._store.remove_documents(viewer.scope, collection_id, document_ids)
            collection = await self._store.get(viewer.scope, collection_id)
            documents = [known[each] for each in removed if each in known]
            self._events.publish_documents(ChangeKind.REMOVED, collection, documents)
            await self._record_documents(AuditAction.DOCUMENT_REMOVED, viewer, exchange, collection, documents)
            return collection

        return await self._complete(change)

    async def grant(
        self,
        viewer: Viewer,
        exchange: Exchange,
        collection_id: CollectionId,
        principals: Principals,
        level: AccessLevel,
    ) -> CollectionRecord:
        """Give users and groups access. Raises `NotFound`, and `Forbidden` without the level MANAGE."""

        async def change() -> CollectionRecord:
            present = await self._store.get(viewer.scope, collection_id)
            await self._grants.grant(viewer.scope, collection_id, principals, level)
            await self._events.publish_access()
            detail = _detail(principals) | {"level": level.value}
            await self._record(AuditAction.GRANTED, viewer, exchange, present, detail)
            return await self._store.get(viewer.scope, collection_id)

        return await self._complete(change)

    async def revoke(
        self, viewer: Viewer, exchange: Exchange, collection_id: CollectionId, principals: Principals
    ) -> CollectionRecord:
        """End the access of users and groups. Raises `NotFound`, and `Forbidden` without the level MANAGE.

        Those who manage the collection can end their own access, too; the result is then its last state for them.
        """

        async def change() -> CollectionRecord:
            present = await self._store.get(viewer.scope, collection_id)
            await self._grants.revoke(viewer.scope, collection_id, principals)
            await self._events.publish_access()
            await self._record(AuditAction.REVOKED, viewer, exchange, present, _detail(principals))
            return present

        return await self._complete(change)

    async def _record(
        self,
        action: AuditAction,
        viewer: Viewer,
        exchange: Exchange,
        collection: CollectionRecord,
        detail: dict[str, Any],
    ) -> None:
        target = ("collection", int(collection.id))
        await self._audit.record(action, viewer, exchange, target=target, target_name=collection.name, detail=detail)

    async def _record_documents(
        self,
        action: AuditAction,
        viewer: Viewer,
        exchange: Exchange,
        collection: CollectionRecord,
        documents: Iterable[DocumentRecord],
    ) -> None:
        for document in documents:
            await self._audit.record(
                action, viewer, exchange, target=("document", int(document.id)), target_name=document.name,
                detail={"collection": collection.name},
            )  # fmt: skip

    async def _complete(self, change: Callable[[], Awaitable[Result]]) -> Result:
        return await self._tasks.complete(change, "change of a collection")


def _detail(principals: Principals) -> dict[str, Any]:
    return {"users": len(principals.user_ids), "groups": len(principals.group_ids)}
