"""Loads by id, gathered: what is asked for one by one at the same moment is read from a store in one call.

Nothing is remembered: a subscription's context lives for hours, and what it shows must be as the store has it now.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from strawberry.dataloader import DataLoader

from records.document import ChunkRecord, DocumentRecord
from records.ids import ChunkId, DocumentId, MessageId, SessionId
from records.session import MessageRecord, SessionRecord
from resolvers.interfaces import DeepVectors
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore

Key = TypeVar("Key")
Found = TypeVar("Found")


class Loaders:
    """Each gives None where there is nothing by an id, and is made when it is first asked: most operations need none."""

    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        sessions: SessionStore,
        messages: MessageStore,
        deep_vectors: DeepVectors | None = None,
    ) -> None:
        self._stores = (documents, chunks, sessions, messages)
        self._deep_vectors = deep_vectors

    @cached_property
    def documents(self) -> DataLoader[DocumentId, DocumentRecord | None]:
        return _loader(self._stores[0].find_many)

    @cached_property
    def chunks(self) -> DataLoader[ChunkId, ChunkRecord | None]:
        return _loader(self._stores[1].find_many)

    @cached_property
    def sessions(self) -> DataLoader[SessionId, SessionRecord | None]:
        return _loader(self._stores[2].find_many)

    @cached_property
    def messages(self) -> DataLoader[MessageId, MessageRecord | None]:
        return _loader(self._stores[3].find_many)

    @cached_property
    def deep_chunks(self) -> DataLoader[DocumentId, int | None]:
        """How many chunks of a document the deep embedder has come to."""
        assert self._deep_vectors is not None, "only asked where there is one"
        return _loader(self._deep_vectors.embedded)


def _loader(
    find_many: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]],
) -> DataLoader[Key, Found | None]:
    async def load(keys: list[Key]) -> list[Found | None]:
        found = await find_many(list(dict.fromkeys(keys)))
        return [found.get(key) for key in keys]

    return DataLoader(load, cache=False)
