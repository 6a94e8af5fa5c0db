"""Erasure of users and collections: one transaction hides them and decides what happens to their documents."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.access.users import to_user
from persistence.collections.collection_queries import require_collections
from persistence.database.access_tables import ApiKey, Login, ResetCode, User
from persistence.database.collection_tables import Collection, CollectionGrant, GroupMember
from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch
from persistence.database.tables import Document, Session
from records.access import AccessScope, LeftDocuments, UserRecord
from records.errors import NotFound
from records.ids import CollectionId, DocumentId, SessionId, UserId

_OTHER_COLLECTION = """(
    SELECT min(collection_id) FROM collection_documents AS placed
    WHERE document_id = documents.id AND collection_id IS NOT documents.owning_collection_id AND NOT EXISTS (
        SELECT 1 FROM documents AS same WHERE same.owning_collection_id = placed.collection_id
        AND same.sha256 = documents.sha256 AND same.status <> 'DELETING'
    )
)"""
"""The first other collection that contains a document and owns no document with the same bytes."""
_HAND_OVER = f"""
    UPDATE documents SET owner_id = NULL, owning_collection_id = {_OTHER_COLLECTION}
    WHERE {{owned}} AND status <> 'DELETING' AND {_OTHER_COLLECTION} IS NOT NULL
"""  # noqa: S608  # constants of this module
_KEEP = """
    UPDATE documents SET owner_id = ?1, owning_collection_id = NULL
    WHERE owning_collection_id = ?2 AND status <> 'DELETING' AND NOT EXISTS (
        SELECT 1 FROM documents AS same WHERE same.owner_id = ?1 AND same.sha256 = documents.sha256
        AND same.status <> 'DELETING'
    )
"""
_HIDE_OWNED = """
    UPDATE documents SET status = 'DELETING', owner_id = ?1, owning_collection_id = NULL WHERE owning_collection_id = ?2
"""
_HIDE_PRIVATE = "UPDATE documents SET status = 'DELETING' WHERE owner_id = ?"
_HIDDEN = "SELECT id FROM documents WHERE owner_id = ? AND status = 'DELETING' ORDER BY id"
_OWNED = "SELECT id FROM documents WHERE owning_collection_id = ?"
_SESSIONS = "SELECT id FROM sessions WHERE {} ORDER BY id LIMIT ?"
_FORGET_NAMES = (
    "UPDATE audit_entries SET actor_name = '', address = NULL WHERE actor_id = ?1",
    "UPDATE audit_entries SET target_name = NULL WHERE target_kind = 'user' AND target_id = ?1",
    """UPDATE audit_entries SET actor_name = '', address = NULL
    WHERE actor_id IS NULL AND comparison_key(actor_name) = (SELECT email_key FROM users WHERE id = ?1)""",
    """UPDATE audit_entries SET target_name = NULL WHERE target_kind = 'invitation'
    AND comparison_key(coalesce(target_name, '')) = (SELECT email_key FROM users WHERE id = ?1)""",
    "DELETE FROM invitations WHERE email_key = (SELECT email_key FROM users WHERE id = ?1)",
)
"""Statements that erase the name and the address of a user, also where the user failed to log in or was invited."""


class Erasures:
    """Implements `services.interfaces.access.erasure_store.ErasureStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_user(self, scope: AccessScope, user_id: UserId) -> tuple[DocumentId, ...]:
        included = scope_filter(scope, "users")
        async with self._database.writing() as transaction:
            if not await included.apply(User.filter(id=user_id)).using_db(transaction).exists():
                raise NotFound("user", user_id)
            for statement in _FORGET_NAMES:
                await execute(transaction, statement, [user_id])
            user = User.filter(id=user_id).using_db(transaction)
            await user.update(
                active=False, is_erased=True, name="", email=None, email_key=None, password_hash=None, last_seen_at=None
            )
            for table in (Login, ApiKey, ResetCode, CollectionGrant, GroupMember):
                await table.filter(user_id=user_id).using_db(transaction).delete()
            await execute(transaction, _HAND_OVER.format(owned="owner_id = ?"), [user_id])
            await execute(transaction, _HIDE_PRIVATE, [user_id])
            return await _hidden(transaction, user_id)

    async def interrupted_users(self) -> tuple[UserRecord, ...]:
        async with self._database.reading() as reader:
            return tuple(to_user(row) for row in await User.filter(is_erased=True).using_db(reader).order_by("id"))

    async def session_ids(self, scope: AccessScope, limit: int) -> tuple[SessionId, ...]:
        included = scope_filter(scope, "sessions")
        async with self._database.reading() as reader:
            rows = await fetch(reader, _SESSIONS.format(included.sql), [*included.values, limit])
        return tuple(SessionId(row[0]) for row in rows)

    async def finish_user(self, user_id: UserId) -> bool:
        async with self._database.writing() as transaction:
            for table in (Document, Session):
                if await table.filter(owner_id=user_id).using_db(transaction).exists():
                    return False
            await User.filter(id=user_id, is_erased=True).using_db(transaction).delete()
        return True

    async def delete_collection(
        self, scope: AccessScope, collection_id: CollectionId, left: LeftDocuments
    ) -> tuple[DocumentId, ...]:
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id])
            await execute(transaction, _HAND_OVER.format(owned="owning_collection_id = ?"), [collection_id])
            if left is LeftDocuments.KEEP:
                await execute(transaction, _KEEP, [scope.user_id, collection_id])
            hidden = await fetch(transaction, _OWNED, [collection_id])
            await execute(transaction, _HIDE_OWNED, [scope.user_id, collection_id])
            await Collection.filter(id=collection_id).using_db(transaction).delete()
        return tuple(DocumentId(row[0]) for row in hidden)


async def _hidden(client: BaseDBAsyncClient, user_id: UserId) -> tuple[DocumentId, ...]:
    return tuple(DocumentId(row[0]) for row in await fetch(client, _HIDDEN, [user_id]))
