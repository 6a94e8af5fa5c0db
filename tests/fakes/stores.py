"""Stores in memory: as much of each as the graph's tests need, and what was asked of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from records.document import ChunkRecord, DocumentRecord, EraseReceipt, HeadingRecord, ReceivedFile
from records.errors import NotFound
from records.ids import DocumentId, MessageId, SessionId
from records.page import Page, PageRequest
from records.session import (
    MessageRating,
    MessageRecord,
    SessionRecord,
    SessionSettings,
)
from tests.support.builders import make_session


class Identified(Protocol):
    @property
    def id(self) -> Any: ...


Noun = TypeVar("Noun", bound=Identified)


class Shelf(Generic[Noun]):
    """Things by id; `reads` and `counts` say how often the store was asked."""

    kind = ""

    def __init__(self, *nouns: Noun) -> None:
        self.rows: dict[Any, Noun] = {noun.id: noun for noun in nouns}
        self.reads = 0
        self.counts = 0

    async def get(self, key: Any) -> Noun:
        if key not in self.rows:
            raise NotFound(self.kind, key)
        return self.rows[key]

    async def find(self, key: Any) -> Noun | None:
        return self.rows.get(key)

    async def find_many(self, keys: Sequence[Any]) -> Mapping[Any, Noun]:
        self.reads += 1
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put(self, noun: Noun) -> Noun:
        self.rows[noun.id] = noun
        return noun

    async def count(self, *_: Any) -> int:
        self.counts += 1
        return len(self.rows)

    def paged(self, request: PageRequest, fits: Callable[[Noun], bool] = lambda noun: True) -> Page[Noun]:
        whole = [noun for noun in self.rows.values() if fits(noun)]
        known = {str(noun.id): at for at, noun in enumerate(whole)}
        low = known.get(request.after, len(whole)) + 1 if request.after else 0
        high = known.get(request.before, 0) if request.before else len(whole)
        if request.first is not None:
            high = min(high, low + request.first)
        elif request.last is not None:
            low = max(low, high - request.last)
        items = tuple(whole[low:high])
        return Page(items, tuple(str(noun.id) for noun in items), high < len(whole), 0 < low <= len(whole))


class FakeDocuments(Shelf[DocumentRecord]):
    kind = "document"
    whole_text = "Bolt A takes 35 Nm."

    async def page(self, filter: Any, order: Any, request: PageRequest) -> Page[DocumentRecord]:
        self.asked = (filter, order, request)
        return self.paged(request)

    async def update(self, key: DocumentId, **changes: Any) -> DocumentRecord:
        return self.put(replace(await self.get(key), **changes))

    async def text(self, key: DocumentId, offset: int, length: int) -> str:
        self.asked_text = (offset, length)
        return self.whole_text[offset : offset + length]

    async def outline(self, key: DocumentId) -> tuple[HeadingRecord, ...]:
        return (HeadingRecord("Bolts", 1, 0, None),)


class FakeChunks(Shelf[ChunkRecord]):
    kind = "chunk"

    def __init__(self, messages: "FakeMessages", *chunks: ChunkRecord) -> None:
        super().__init__(*chunks)
        self._messages = messages

    async def page(self, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        return self.paged(request, lambda chunk: chunk.document_id == document_id)

    async def neighbour(self, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        places = {(each.document_id, each.index): each for each in self.rows.values()}
        return places.get((chunk.document_id, chunk.index + step))

    async def cited_by(self, chunk_id: Any, request: PageRequest) -> Page[MessageRecord]:
        return self._messages.paged(request, lambda message: any(c.chunk_id == chunk_id for c in message.citations))

    async def count_cited_by(self, chunk_id: Any) -> int:
        return 1


class FakeSessions(Shelf[SessionRecord]):
    kind = "session"

    async def create(self, name: str, document_ids: Sequence[DocumentId], settings: SessionSettings) -> SessionRecord:
        self.attached = tuple(document_ids)
        return self.put(make_session(id=SessionId(len(self.rows) + 1), name=name, settings=settings))

    async def page(self, filter: Any, order: Any, request: PageRequest) -> Page[SessionRecord]:
        self.asked = (filter, order, request)
        return self.paged(request)

    async def update(
        self, key: SessionId, *, document_ids: Sequence[DocumentId] | None = None, **changes: Any
    ) -> SessionRecord:
        given = {name: value for name, value in changes.items() if value is not None}
        return self.put(replace(await self.get(key), **given))

    async def delete(self, key: SessionId) -> EraseReceipt:
        del self.rows[key]
        return EraseReceipt(messages=2, bytes=5_000_000_000)

    async def of_document(self, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]:
        return self.paged(request)

    async def count_of_document(self, document_id: DocumentId) -> int:
        return await self.count()


class FakeMessages(Shelf[MessageRecord]):
    kind = "message"

    async def page(self, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        return self.paged(request, lambda message: message.session_id == session_id)

    async def delete_exchange(self, key: MessageId) -> tuple[MessageId, ...]:
        del self.rows[key]
        return (key,)

    async def rate(self, key: MessageId, rating: MessageRating | None) -> MessageRecord:
        return self.put(replace(await self.get(key), rating=rating))


class FakeOriginals:
    def __init__(self) -> None:
        self.discarded: list[ReceivedFile] = []

    async def discard(self, file: ReceivedFile) -> None:
        self.discarded.append(file)
