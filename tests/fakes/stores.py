"""Stores in memory, with as much of each as the tests of the graph need. They include everything in every scope."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from records.access import AnyScope
from records.document import (
    UNCHANGED,
    ChunkRecord,
    DocumentChanges,
    DocumentRecord,
    EraseReceipt,
    HeadingRecord,
    ReceivedFile,
)
from records.errors import NotFound
from records.ids import CollectionId, DocumentId, MessageId, SessionId
from records.page import Page, PageRequest
from records.session import MessageRating, MessageRecord, SessionRecord, SessionSettings
from tests.support.builders import make_session


class Identified(Protocol):
    @property
    def id(self) -> Any: ...


Record = TypeVar("Record", bound=Identified)


class FakeStore(Generic[Record]):
    """Records by id. `reads` and `counts` are the numbers of calls of `find_many` and `count`."""

    kind = ""

    def __init__(self, *records: Record) -> None:
        self.rows: dict[Any, Record] = {record.id: record for record in records}
        self.reads = 0
        self.counts = 0

    async def get(self, scope: AnyScope, key: Any) -> Record:
        if key not in self.rows:
            raise NotFound(self.kind, key)
        return self.rows[key]

    async def find(self, scope: AnyScope, key: Any) -> Record | None:
        return self.rows.get(key)

    async def find_many(self, scope: AnyScope, keys: Sequence[Any]) -> Mapping[Any, Record]:
        self.reads += 1
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put(self, record: Record) -> Record:
        """Store a record and return it."""
        self.rows[record.id] = record
        return record

    async def count(self, *_: Any) -> int:
        self.counts += 1
        return len(self.rows)

    def make_page(self, request: PageRequest, matches: Callable[[Record], bool] = lambda record: True) -> Page[Record]:
        """Return a page of the records that match. The cursor of a record is its id."""
        records = [record for record in self.rows.values() if matches(record)]
        positions = {str(record.id): position for position, record in enumerate(records)}
        low = positions.get(request.after, len(records)) + 1 if request.after else 0
        high = positions.get(request.before, 0) if request.before else len(records)
        if request.first is not None:
            high = min(high, low + request.first)
        elif request.last is not None:
            low = max(low, high - request.last)
        items = tuple(records[low:high])
        return Page(items, tuple(str(record.id) for record in items), high < len(records), 0 < low <= len(records))


class FakeDocuments(FakeStore[DocumentRecord]):
    """Documents that all have the same text."""

    kind = "document"
    whole_text = "Bolt A takes 35 Nm."

    async def require(self, scope: AnyScope, keys: Sequence[DocumentId]) -> None:
        for key in keys:
            await self.get(scope, key)

    async def page(self, scope: AnyScope, filter: Any, order: Any, request: PageRequest) -> Page[DocumentRecord]:
        self.page_arguments = (filter, order, request)
        return self.make_page(request)

    async def update(self, scope: AnyScope, key: DocumentId, changes: DocumentChanges) -> DocumentRecord:
        fields = {"name": changes.name, "tags": changes.tags}
        new: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        if changes.metadata is not UNCHANGED:
            new["metadata"] = changes.metadata
        return self.put(replace(await self.get(scope, key), **new))

    async def text(self, scope: AnyScope, key: DocumentId, offset: int, length: int) -> str:
        self.text_range = (offset, length)
        return self.whole_text[offset : offset + length]

    async def outline(self, scope: AnyScope, key: DocumentId) -> tuple[HeadingRecord, ...]:
        return (HeadingRecord("Bolts", 1, 0, None),)


class FakeChunks(FakeStore[ChunkRecord]):
    """Chunks, and the answers that cite them."""

    kind = "chunk"

    def __init__(self, messages: "FakeMessages", *chunks: ChunkRecord) -> None:
        super().__init__(*chunks)
        self._messages = messages

    async def page(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        return self.make_page(request, lambda chunk: chunk.document_id == document_id)

    async def neighbour(self, scope: AnyScope, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        places = {(each.document_id, each.index): each for each in self.rows.values()}
        return places.get((chunk.document_id, chunk.index + step))

    async def cited_by(self, scope: AnyScope, chunk_id: Any, request: PageRequest) -> Page[MessageRecord]:
        return self._messages.make_page(
            request, lambda message: any(citation.chunk_id == chunk_id for citation in message.citations)
        )

    async def count_cited_by(self, scope: AnyScope, chunk_id: Any) -> int:
        return 1


class FakeSessions(FakeStore[SessionRecord]):
    """Sessions. `attached` are the documents of the newest one."""

    kind = "session"

    async def create(
        self,
        scope: AnyScope,
        name: str,
        document_ids: Sequence[DocumentId],
        settings: SessionSettings,
        collection_ids: Sequence[CollectionId],
    ) -> SessionRecord:
        self.attached, self.chosen = tuple(document_ids), tuple(collection_ids)
        return self.put(make_session(id=SessionId(len(self.rows) + 1), name=name, settings=settings))

    async def page(self, scope: AnyScope, filter: Any, order: Any, request: PageRequest) -> Page[SessionRecord]:
        self.page_arguments = (filter, order, request)
        return self.make_page(request)

    async def update(
        self,
        scope: AnyScope,
        key: SessionId,
        *,
        document_ids: Sequence[DocumentId] | None = None,
        collection_ids: Sequence[CollectionId] | None = None,
        **changes: Any,
    ) -> SessionRecord:
        provided = {name: value for name, value in changes.items() if value is not None}
        return self.put(replace(await self.get(scope, key), **provided))

    async def delete(self, scope: AnyScope, key: SessionId) -> EraseReceipt:
        del self.rows[key]
        return EraseReceipt(messages=2, bytes=5_000_000_000)

    async def fork(self, scope: AnyScope, message_id: MessageId, name: str | None) -> SessionRecord:
        return self.put(make_session(id=SessionId(len(self.rows) + 1), name=name or "Bolts", head_id=message_id))

    async def of_document(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]:
        return self.make_page(request)

    async def count_of_document(self, scope: AnyScope, document_id: DocumentId) -> int:
        return await self.count()


class FakeMessages(FakeStore[MessageRecord]):
    """Messages of all sessions."""

    kind = "message"

    async def page(self, scope: AnyScope, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        return self.make_page(request, lambda message: message.session_id == session_id)

    async def find_unfinished(self, scope: AnyScope, session_id: SessionId) -> tuple[MessageRecord, ...]:
        of_session = [message for message in self.rows.values() if message.session_id == session_id]
        return tuple(message for message in of_session if not message.status.terminal)

    async def siblings(self, scope: AnyScope, message: MessageRecord) -> tuple[MessageRecord, ...]:
        same = [each for each in self.rows.values() if each.parent_id == message.parent_id]
        return tuple(each for each in same if each.role is message.role)

    async def delete_exchange(self, scope: AnyScope, key: MessageId) -> tuple[MessageId, ...]:
        del self.rows[key]
        return (key,)

    async def rate(self, scope: AnyScope, key: MessageId, rating: MessageRating | None) -> MessageRecord:
        return self.put(replace(await self.get(scope, key), rating=rating))


class FakeOriginals:
    """Originals that remember which received files were discarded."""

    def __init__(self) -> None:
        self.discarded: list[ReceivedFile] = []

    async def discard(self, file: ReceivedFile) -> None:
        self.discarded.append(file)
