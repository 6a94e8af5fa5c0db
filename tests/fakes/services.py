"""Scripted engines: as much of each as the graph's tests need, and what was asked of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from records.answer import AnswerEvent
from records.document import Chunking, DocumentRecord, EraseReceipt, ReceivedFile
from records.errors import NotFound
from records.events import Change
from records.ids import DocumentId, MessageId, ModelId
from records.indexing import IndexingState, IndexingStatus
from records.model import (
    FitVerdict,
    LoadRequest,
    MemoryFit,
    ModelParameter,
    ModelRecord,
    ModelStatus,
    ParameterKind,
    ParameterScope,
    SettingApplies,
    SettingsOutcome,
)
from records.retrieval import Retrieval, RetrievalHit, RetrievalQuery
from records.session import (
    MessageRecord,
    MessageStatus,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
)
from records.system import SystemSample
from services.models import ModelFilter
from services.snapshot_stream import snapshot_then_live
from tests.fakes.stores import FakeDocuments, FakeMessages, FakeSessions
from tests.support.builders import THEN, make_document, make_message


class Refusing:
    """Raises `refusal` from its next call, where one is set."""

    refusal: Exception | None = None

    def refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


class FakeArrivals(Refusing):
    def __init__(self) -> None:
        self.taken: list[tuple[str, Any, dict[str, Any]]] = []

    def _take(self, way: str, what: Any, details: dict[str, Any]) -> tuple[DocumentRecord, bool]:
        self.refuse()
        self.taken.append((way, what, details))
        return make_document(id=DocumentId(7), name=details.get("name") or "unnamed", tags=details["tags"]), False

    async def add_file(self, file: ReceivedFile, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._take("file", file, details)

    async def add_text(self, text: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._take("text", text, details)

    async def add_path(self, path: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._take("path", path, details)

    async def add_url(self, url: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._take("url", url, details)


class FakeFeed:
    def __init__(self) -> None:
        self.told: list[DocumentRecord] = []

    def updated(self, document: DocumentRecord) -> DocumentRecord:
        self.told.append(document)
        return document


class FakeIngestion(Refusing):
    def __init__(self, documents: FakeDocuments) -> None:
        self._documents = documents
        self.live: list[Change[DocumentRecord]] = []
        self.chunking: Chunking | None = None

    async def cancel(self, key: DocumentId) -> DocumentRecord:
        self.refuse()
        return await self._documents.get(key)

    async def reprocess(self, key: DocumentId, chunking: Chunking | None) -> DocumentRecord:
        self.refuse()
        self.chunking = chunking
        return await self._documents.get(key)

    async def delete(self, key: DocumentId) -> EraseReceipt:
        await self._documents.get(key)
        del self._documents.rows[key]
        return EraseReceipt(chunks=2, keyword_entries=2, vectors=2, originals=1, bytes=5_000_000_000)

    @asynccontextmanager
    async def watch(self, key: DocumentId | None) -> AsyncIterator[AsyncIterator[Change[DocumentRecord]]]:
        """A snapshot, then `live`."""

        async def live() -> AsyncIterator[Change[DocumentRecord]]:
            for change in self.live:
                yield change

        yield snapshot_then_live(list(self._documents.rows.values()), lambda document: document.id, live())


class FakeRetriever:
    def __init__(self, *hits: RetrievalHit) -> None:
        self.hits = hits
        self.asked: RetrievalQuery | None = None

    async def retrieve(self, query: RetrievalQuery) -> Retrieval:
        self.asked = query
        return Retrieval(query, self.hits, (), 0, 1.5)


class FakeAnswers(Refusing):
    def __init__(self, messages: FakeMessages, sessions: FakeSessions) -> None:
        self._messages = messages
        self._sessions = sessions
        self.events: list[AnswerEvent] = []
        self.asked: dict[str, Any] = {}
        self.closed = False

    async def send(self, **asked: Any) -> tuple[MessageRecord, MessageRecord]:
        self.refuse()
        await self._sessions.get(asked["session_id"])
        self.asked = asked
        prompt = make_message(id=MessageId(11), session_id=asked["session_id"], content=asked["content"])
        return self._messages.put(prompt), self._messages.put(
            make_message(id=MessageId(12), session_id=asked["session_id"], status=MessageStatus.PENDING)
        )

    async def cancel(self, key: MessageId) -> MessageRecord:
        self.refuse()
        return self._messages.put(replace(await self._messages.get(key), status=MessageStatus.CANCELED))

    async def effective_settings(self, session: SessionRecord) -> SessionSettings:
        return replace(session.settings, top_k=session.settings.top_k or 5)

    @asynccontextmanager
    async def follow(self, key: MessageId, after: str | None) -> AsyncIterator[AsyncIterator[AnswerEvent]]:
        self.refuse()
        try:
            yield self._each(after)
        finally:
            self.closed = True

    async def _each(self, after: str | None) -> AsyncIterator[AnswerEvent]:
        for event in self.events:
            if after is None or self.cursor(event) > after:
                yield event

    def cursor(self, event: AnswerEvent) -> str:
        return f"c{event.seq}"


class FakeModels(Refusing):
    def __init__(self, *models: ModelRecord) -> None:
        self.rows = {model.id: model for model in models}
        self.asked: tuple[Any, ...] = ()

    async def list(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
        return tuple(model for model in self.rows.values() if filter is None or filter.takes(model))

    def find(self, key: ModelId) -> ModelRecord | None:
        return self.rows.get(key)

    def get(self, key: ModelId) -> ModelRecord:
        if key not in self.rows:
            raise NotFound("model", key)
        return self.rows[key]

    def default_id(self) -> ModelId | None:
        return next((model.id for model in self.rows.values() if model.is_default), None)

    def check_sampling(self, key: ModelId, sampling: SamplingSettings, field: str) -> None:
        self.refuse()

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]:
        return (
            ModelParameter(
                "top_k", "Top k", "Draws from so many tokens.", ParameterKind.INTEGER,
                0, 100, 1, 40, 40, None, ParameterScope.SAMPLING, SettingApplies.AT_ONCE,
            ),
        )  # fmt: skip

    async def fit(self, key: ModelId, settings: LoadRequest | None) -> MemoryFit:
        self.refuse()
        self.asked = (key, settings)
        return MemoryFit(FitVerdict.FITS, 5_000_000_000, 1, 1, 5_000_000_002, 8_000_000_000, None, None)

    async def load(self, key: ModelId, settings: LoadRequest | None, make_default: bool, force: bool) -> ModelRecord:
        self.refuse()
        self.asked = (key, settings, make_default, force)
        return replace(self.get(key), status=ModelStatus.LOADING)

    async def unload(self, key: ModelId) -> ModelRecord:
        self.refuse()
        return replace(self.get(key), status=ModelStatus.UNLOADED)

    async def update_settings(
        self, key: ModelId, load: LoadRequest | None, sampling: SamplingSettings | None, reload: bool
    ) -> SettingsOutcome:
        self.asked = (key, load, sampling, reload)
        model = self.get(key)
        return SettingsOutcome(model, model.load_settings, sampling or model.sampling, ("temperature",), (), THEN)

    async def delete(self, key: ModelId) -> int:
        self.get(key)
        return 5_000_000_000

    @asynccontextmanager
    async def watch(self, key: ModelId | None) -> AsyncIterator[AsyncIterator[Change[ModelRecord]]]:
        async def nothing() -> AsyncIterator[Change[ModelRecord]]:
            return
            yield

        yield snapshot_then_live(list(self.rows.values()), lambda model: model.id, nothing())


class FakeIndexing(Refusing):
    def __init__(self, status: IndexingStatus) -> None:
        self.now_at = status
        self.asked: tuple[str, object] = ("", None)

    async def status(self) -> IndexingStatus:
        return self.now_at

    async def start(self, now: bool) -> IndexingStatus:
        self.refuse()
        self.asked = ("start", now)
        return replace(self.now_at, state=IndexingState.RUNNING)

    async def stop(self, reason: str | None) -> IndexingStatus:
        self.refuse()
        self.asked = ("stop", reason)
        return replace(self.now_at, state=IndexingState.IDLE)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[IndexingStatus]]:
        async def twice() -> AsyncIterator[IndexingStatus]:
            yield self.now_at
            yield replace(self.now_at, done_chunks=self.now_at.done_chunks + 16)

        yield twice()


class FakeMetrics:
    def __init__(self, sample: SystemSample) -> None:
        self._sample = sample
        self.interval_ms = 0

    async def sample(self) -> SystemSample:
        return self._sample

    @asynccontextmanager
    async def watch(self, interval_ms: int) -> AsyncIterator[AsyncIterator[SystemSample]]:
        self.interval_ms = interval_ms

        async def twice() -> AsyncIterator[SystemSample]:
            yield self._sample
            yield replace(self._sample, seq=self._sample.seq + 1)

        yield twice()
