"""Erasure of users and of collections: hidden in one transaction, then erased from every store, and counted.

An interrupted erasure of a user is continued by `resume`, one of documents by the loop of interrupted deletions.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from typing import Protocol

import structlog

from concurrency import OwnedTasks
from records.access import AccessScope, AuditAction, Exchange, LeftDocuments, Role, UserRecord, Viewer
from records.document import EraseReceipt
from records.errors import Conflict, Forbidden, NotFound
from records.ids import CollectionId, DocumentId, UserId
from services.access.accounts import RANKS
from services.access.audit_log import AuditLog
from services.access.revocations import Revocations
from services.collections.collection_events import CollectionEvents
from services.erasure.session_erasure import SessionErasure
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.access.erasure_store import ErasureStore
from services.interfaces.access.user_store import UserStore

SESSIONS_PER_STEP = 100
"""Sessions of a user that are listed together while they are erased."""

log = structlog.get_logger("graphlore.erasure")


class DeletesDocuments(Protocol):
    """The part of ingestion that erases a document."""

    async def prepare_deletions(self) -> None:
        """Call before documents are hidden."""
        ...

    async def delete_document(self, scope: AccessScope, document_id: DocumentId) -> EraseReceipt:
        """Hide a document, stop its job and erase it. Raises `NotFound`."""
        ...


class Erasure:
    """Erases users and collections with everything that they own alone."""

    def __init__(
        self,
        store: ErasureStore,
        users: UserStore,
        collections: CollectionStore,
        sessions: SessionErasure,
        documents: DeletesDocuments,
        events: CollectionEvents,
        revocations: Revocations,
        audit: AuditLog,
        tasks: OwnedTasks,
    ) -> None:
        """Create the service. `tasks` runs each erasure to its end, even if the client goes away."""
        self._store = store
        self._users = users
        self._collections = collections
        self.sessions = sessions
        self._documents = documents
        self._events = events
        self._revocations = revocations
        self._audit = audit
        self._tasks = tasks

    async def delete_collection(
        self, viewer: Viewer, exchange: Exchange, collection_id: CollectionId, left: LeftDocuments
    ) -> EraseReceipt:
        """Delete a collection and return what was erased. Raises `NotFound`.

        `left` decides about the documents that the collection owns and that are in no other collection.
        """

        async def work() -> EraseReceipt:
            collection = await self._collections.get(viewer.scope, collection_id)
            contents = await self._events.contents(collection)
            await self._documents.prepare_deletions()
            hidden = await self._store.delete_collection(viewer.scope, collection_id, left)
            await self._events.publish_deleted(collection, contents)
            await self._audit.record(
                AuditAction.COLLECTION_CHANGED, viewer, exchange, target=("collection", collection_id),
                target_name=collection.name, detail={"deleted": True, "erasedDocuments": len(hidden)},
            )  # fmt: skip
            return await self._erase_documents(viewer.scope, hidden)

        return await self._tasks.complete(work, "deletion of a collection")

    async def delete_user(self, viewer: Viewer, exchange: Exchange, user_id: UserId) -> EraseReceipt:
        """Erase a user and return what was erased.

        Raises `NotFound`, `Forbidden` unless it is the viewer or a user with a role below the viewer's, and `Conflict` for
        the superadmin.
        """

        async def work() -> EraseReceipt:
            user = await self._users.get(viewer.scope, user_id)
            _check(viewer, user)
            await self._audit.record(
                AuditAction.USER_DELETED, viewer, exchange, target=("user", user_id), detail={"role": user.role.value}
            )
            return await self._erase_user(viewer.scope, user)

        return await self._tasks.complete(work, "erasure of a user")

    async def resume(self) -> None:
        """Continue the erasures of users that were interrupted. Each is continued in the background."""
        for user in await self._store.interrupted_users():
            own = AccessScope(user.id, Role.USER)
            self._tasks.start(partial(self._resume_one, own, user), "erasure of a user")

    async def _resume_one(self, scope: AccessScope, user: UserRecord) -> None:
        receipt = await self._erase_user(scope, user)
        log.info("interrupted erasure of a user completed", user=user.id, messages=receipt.messages)

    async def _erase_user(self, scope: AccessScope, user: UserRecord) -> EraseReceipt:
        """Erase a user in the scope of one who sees the user."""
        await self._documents.prepare_deletions()
        hidden = await self._store.begin_user(scope, user.id)
        self._revocations.revoke(user.id)
        await self._events.publish_access()
        own = AccessScope(user.id, Role.USER)
        receipt = await self._erase_documents(own, hidden)
        while True:
            receipt = total([receipt, await self._erase_sessions(own)])
            if await self._store.finish_user(user.id):
                return receipt
            receipt = total([receipt, await self._erase_documents(own, await self._store.begin_user(scope, user.id))])

    async def _erase_documents(self, scope: AccessScope, document_ids: Sequence[DocumentId]) -> EraseReceipt:
        receipts: list[EraseReceipt] = []
        for document_id in document_ids:
            with suppress(NotFound):  # the loop of interrupted deletions has erased it
                receipts.append(await self._documents.delete_document(scope, document_id))
        return total(receipts)

    async def _erase_sessions(self, scope: AccessScope) -> EraseReceipt:
        """Erase all sessions of the user of the scope."""
        receipt = EraseReceipt()
        while session_ids := await self._store.session_ids(scope, SESSIONS_PER_STEP):
            for session_id in session_ids:
                with suppress(NotFound):  # a request has erased it
                    receipt = total([receipt, await self.sessions.erase(scope, session_id)])
        return receipt


def total(receipts: Iterable[EraseReceipt]) -> EraseReceipt:
    """Return the sums of the numbers of several receipts."""
    sums = EraseReceipt()
    for receipt in receipts:
        added = {field.name: getattr(sums, field.name) + getattr(receipt, field.name) for field in fields(receipt)}
        sums = replace(sums, **added)
    return sums


def _check(viewer: Viewer, user: UserRecord) -> None:
    if user.role is Role.SUPERADMIN:
        raise Conflict("The superadmin cannot be deleted.", field="id")
    is_below = viewer.scope.is_admin and RANKS[viewer.scope.role] > RANKS[user.role]
    if user.id != viewer.scope.user_id and not is_below:
        raise Forbidden("You can delete your own account, and users with a lower role than yours.")
