"""Data loaders: records that are requested one by one during one turn of the event loop are read in a single call.

Nothing is cached. The context of a subscription lives for hours, and each event must show the current state of the store.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TypeVar

from strawberry.dataloader import DataLoader

from records.access import AccessScope, CollectionRecord, GroupRecord, UserRecord
from records.document import ChunkRecord, DocumentRecord
from records.ids import ChunkId, CollectionId, DocumentId, GroupId, MessageId, SessionId, UserId
from records.session import MessageRecord, SessionRecord
from resolvers.interfaces import DeepVectors
from services.collections import CollectionStores
from services.interfaces.access.user_store import UserStore
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore

Key = TypeVar("Key")
Found = TypeVar("Found")


class Loaders:
    """The loaders of one operation and its scope. Each returns None for an unknown id and is created when first used."""

    def __init__(
        self,
        scope: AccessScope,
        documents: DocumentStore,
        chunks: ChunkStore,
        sessions: SessionStore,
        messages: MessageStore,
        users: UserStore,
        collection_stores: CollectionStores,
        deep_vectors: DeepVectors | None = None,
    ) -> None:
        self._scope = scope
        self._documents = documents
        self._chunks = chunks
        self._sessions = sessions
        self._messages = messages
        self._users = users
        self._collection_stores = collection_stores
        self._deep_vectors = deep_vectors

    @cached_property
    def documents(self) -> DataLoader[DocumentId, DocumentRecord | None]:
        return _loader(partial(self._documents.find_many, self._scope))

    @cached_property
    def chunks(self) -> DataLoader[ChunkId, ChunkRecord | None]:
        return _loader(partial(self._chunks.find_many, self._scope))

    @cached_property
    def sessions(self) -> DataLoader[SessionId, SessionRecord | None]:
        return _loader(partial(self._sessions.find_many, self._scope))

    @cached_property
    def messages(self) -> DataLoader[MessageId, MessageRecord | None]:
        return _loader(partial(self._messages.find_many, self._scope))

    @cached_property
    def users(self) -> DataLoader[UserId, UserRecord | None]:
        return _loader(partial(self._users.find_many, self._scope))

    @cached_property
    def collections(self) -> DataLoader[CollectionId, CollectionRecord | None]:
        return _loader(partial(self._collection_stores.collections.find_many, self._scope))

    @cached_property
    def groups(self) -> DataLoader[GroupId, GroupRecord | None]:
        return _loader(partial(self._collection_stores.groups.find_many, self._scope))

    @cached_property
    def deep_chunks(self) -> DataLoader[DocumentId, int | None]:
        """Number of a document's chunks that the deep embedder has embedded."""
        assert self._deep_vectors is not None, "used only if a deep embedder is configured"
        return _loader(partial(self._deep_vectors.embedded, self._scope))


def _loader(
    find_many: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]],
) -> DataLoader[Key, Found | None]:
    async def load(keys: list[Key]) -> list[Found | None]:
        found = await find_many(list(dict.fromkeys(keys)))
        return [found.get(key) for key in keys]

    return DataLoader(load, cache=False)
