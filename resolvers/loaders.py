"""Loads by id, gathered: what is asked for one by one at the same moment is read from a store in one call.

Nothing is remembered: a subscription's context lives for hours, and what it shows must be as the store has it now.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from engines.stores import ChunkStore, DocumentStore, MessageStore, SessionStore
from records.document import ChunkRecord, DocumentRecord
from records.ids import ChunkId, DocumentId, MessageId, SessionId
from records.session import MessageRecord, SessionRecord

Key = TypeVar("Key")
Found = TypeVar("Found")


class Loaders:
    """Each gives None where there is nothing by an id."""

    def __init__(
        self, documents: DocumentStore, chunks: ChunkStore, sessions: SessionStore, messages: MessageStore
    ) -> None:
        self.documents: DataLoader[DocumentId, DocumentRecord | None] = _loader(documents.find_many)
        self.chunks: DataLoader[ChunkId, ChunkRecord | None] = _loader(chunks.find_many)
        self.sessions: DataLoader[SessionId, SessionRecord | None] = _loader(sessions.find_many)
        self.messages: DataLoader[MessageId, MessageRecord | None] = _loader(messages.find_many)


def _loader(
    find_many: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]],
) -> DataLoader[Key, Found | None]:
    async def load(keys: list[Key]) -> list[Found | None]:
        found = await find_many(list(dict.fromkeys(keys)))
        return [found.get(key) for key in keys]

    return DataLoader(load, cache=False)
