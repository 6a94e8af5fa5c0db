"""Interface of the erasure of users and collections, implemented by `persistence/access/erasures.py`."""

from typing import Protocol

from records.access import AccessScope, LeftDocuments, UserRecord
from records.ids import CollectionId, DocumentId, SessionId, UserId


class ErasureStore(Protocol):
    """Hides users and collections in one transaction each. The rest is erased afterwards, in steps that can be repeated.

    Documents with the status DELETING are hidden and wait for their erasure.
    """

    async def begin_user(self, scope: AccessScope, user_id: UserId) -> tuple[DocumentId, ...]:
        """Close the account of a user and erase its log-ins, keys and grants, and the name in the audit log.

        The user's documents in collections are owned by their first collection afterwards; the others are in DELETING, and
        are returned. Call it again after an interruption. Raises `NotFound` for an unknown user.
        """
        ...

    async def interrupted_users(self) -> tuple[UserRecord, ...]:
        """Return the users whose erasure has begun."""
        ...

    async def session_ids(self, scope: AccessScope, limit: int) -> tuple[SessionId, ...]:
        """Return the first sessions of the user of the scope."""
        ...

    async def finish_user(self, user_id: UserId) -> bool:
        """Erase the row of a user whose erasure has begun. Return False if the user has documents or sessions left."""
        ...

    async def delete_collection(
        self, scope: AccessScope, collection_id: CollectionId, left: LeftDocuments
    ) -> tuple[DocumentId, ...]:
        """Delete a collection with its grants.

        The documents that it owned are owned by another collection that contains them. Those in no other collection are
        owned by the user of the scope (KEEP), or are in DELETING and returned. A document whose new owner has the same bytes
        already is returned, too. Raises `NotFound` for an unknown collection.
        """
        ...
