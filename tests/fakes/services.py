"""Fakes of the services behind the resolvers: scripted results, and a record of what they were called with."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from records.access import AccessScope
from records.answer import AnswerEvent
from records.document import Chunking, DocumentRecord, EraseReceipt, ReceivedFile
from records.errors import NotFound
from records.events import Change
from records.filters import ModelFilter
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
from records.session import (
    MessageRecord,
    MessageStatus,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
)
from records.system import SystemSample
from services.snapshot_stream import snapshot_then_live
from tests.fakes.stores import FakeDocuments, FakeMessages, FakeSessions
from tests.support.builders import THEN, make_document, make_message


class CanFail:
    """A fake whose next calls raise `failure` if one is set."""

    failure: Exception | None = None

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeIntake(CanFail):
    """Records what would be stored, as kind, content and details."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Any, dict[str, Any]]] = []

    def _receive(self, kind: str, content: Any, details: dict[str, Any]) -> tuple[DocumentRecord, bool]:
        self.raise_failure()
        self.received.append((kind, content, details))
        return make_document(id=DocumentId(7), name=details.get("name") or "unnamed", tags=details["tags"]), False

    async def add_file(self, scope: AccessScope, file: ReceivedFile, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._receive("file", file, details)

    async def add_text(self, scope: AccessScope, text: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._receive("text", text, details)

    async def add_path(self, scope: AccessScope, path: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._receive("path", path, details)

    async def add_url(self, scope: AccessScope, url: str, **details: Any) -> tuple[DocumentRecord, bool]:
        return self._receive("url", url, details)


class FakeDocumentEvents:
    def __init__(self) -> None:
        self.published: list[DocumentRecord] = []

    async def publish_result(self, change: Awaitable[DocumentRecord]) -> DocumentRecord:
        document = await change
        self.published.append(document)
        return document


class FakeIngestion(CanFail):
    """Publishes a snapshot of the documents and then the changes in `live`."""

    def __init__(self, documents: FakeDocuments) -> None:
        self._documents = documents
        self.live: list[Change[DocumentRecord]] = []
        self.chunking: Chunking | None = None
        self.live_closed = False

    async def cancel_ingestion(self, scope: AccessScope, key: DocumentId) -> DocumentRecord:
        self.raise_failure()
        return await self._documents.get(scope, key)

    async def reprocess_document(
        self, scope: AccessScope, key: DocumentId, chunking: Chunking | None
    ) -> DocumentRecord:
        self.raise_failure()
        self.chunking = chunking
        return await self._documents.get(scope, key)

    async def delete_document(self, scope: AccessScope, key: DocumentId) -> EraseReceipt:
        await self._documents.get(scope, key)
        del self._documents.rows[key]
        return EraseReceipt(chunks=2, keyword_entries=2, vectors=2, originals=1, bytes=5_000_000_000)

    @asynccontextmanager
    async def watch_documents(
        self, scope: AccessScope, key: DocumentId | None
    ) -> AsyncIterator[AsyncGenerator[Change[DocumentRecord], None]]:
        yield snapshot_then_live(list(self._documents.rows.values()), lambda document: document.id, self._live())

    async def _live(self) -> AsyncGenerator[Change[DocumentRecord], None]:
        try:
            for change in self.live:
                yield change
        finally:
            self.live_closed = True


class FakeAnswers(CanFail):
    """Publishes `events` to followers; the cursor of an event is `c` and its number."""

    def __init__(self, messages: FakeMessages, sessions: FakeSessions) -> None:
        self._messages = messages
        self._sessions = sessions
        self.events: list[AnswerEvent] = []
        self.last_request: dict[str, Any] = {}
        self.closed = False

    async def send_message(self, scope: AccessScope, **request: Any) -> tuple[MessageRecord, MessageRecord]:
        self.raise_failure()
        await self._sessions.get(scope, request["session_id"])
        self.last_request = request
        prompt = make_message(id=MessageId(11), session_id=request["session_id"], content=request["content"])
        return self._messages.put(prompt), self._messages.put(
            make_message(id=MessageId(12), session_id=request["session_id"], status=MessageStatus.PENDING)
        )

    async def regenerate_message(
        self, scope: AccessScope, key: MessageId, **request: Any
    ) -> tuple[MessageRecord, MessageRecord]:
        self.raise_failure()
        prompt = await self._messages.get(scope, key)
        self.last_request = request
        return prompt, self._messages.put(make_message(id=MessageId(13), status=MessageStatus.PENDING))

    async def cancel_generation(self, scope: AccessScope, key: MessageId) -> MessageRecord:
        self.raise_failure()
        return self._messages.put(replace(await self._messages.get(scope, key), status=MessageStatus.CANCELED))

    async def delete_message(self, scope: AccessScope, key: MessageId) -> tuple[MessageId, ...]:
        self.raise_failure()
        return await self._messages.delete_exchange(scope, (await self._messages.get(scope, key)).id)

    async def effective_settings(self, scope: AccessScope, session: SessionRecord) -> SessionSettings:
        return replace(session.settings, top_k=session.settings.top_k or 5)

    @asynccontextmanager
    async def follow_answer(
        self, scope: AccessScope, key: MessageId, after: str | None
    ) -> AsyncIterator[AsyncGenerator[AnswerEvent, None]]:
        self.raise_failure()
        try:
            yield self._events_after(after)
        finally:
            self.closed = True

    async def _events_after(self, after: str | None) -> AsyncGenerator[AnswerEvent, None]:
        for event in self.events:
            if after is None or self.cursor(event) > after:
                yield event

    def cursor(self, event: AnswerEvent) -> str:
        return f"c{event.seq}"


class FakeModels(CanFail):
    """Models that accept a single setting, `top_k`; `last_call` holds the arguments of the last change."""

    def __init__(self, *models: ModelRecord) -> None:
        self.rows = {model.id: model for model in models}
        self.last_call: tuple[Any, ...] = ()

    async def list_models(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
        return tuple(model for model in self.rows.values() if filter is None or filter.matches(model))

    def find(self, key: ModelId) -> ModelRecord | None:
        return self.rows.get(key)

    def get(self, key: ModelId) -> ModelRecord:
        if key not in self.rows:
            raise NotFound("model", key)
        return self.rows[key]

    def default_id(self) -> ModelId | None:
        return next((model.id for model in self.rows.values() if model.is_default), None)

    def check_sampling(self, key: ModelId, sampling: SamplingSettings, field: str) -> None:
        self.raise_failure()

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]:
        return (
            ModelParameter(
                "top_k", "Top k", "Number of candidate tokens.", ParameterKind.INTEGER,
                0, 100, 1, 40, 40, None, ParameterScope.SAMPLING, SettingApplies.AT_ONCE,
            ),
        )  # fmt: skip

    async def fit(self, key: ModelId, settings: LoadRequest | None) -> MemoryFit:
        self.raise_failure()
        self.last_call = (key, settings)
        return MemoryFit(FitVerdict.FITS, 5_000_000_000, 1, 1, 5_000_000_002, 8_000_000_000, None, None)

    async def load_model(
        self, key: ModelId, settings: LoadRequest | None, make_default: bool, force: bool
    ) -> ModelRecord:
        self.raise_failure()
        self.last_call = (key, settings, make_default, force)
        return replace(self.get(key), status=ModelStatus.LOADING)

    async def unload_model(self, key: ModelId) -> ModelRecord:
        self.raise_failure()
        return replace(self.get(key), status=ModelStatus.UNLOADED)

    async def update_model_settings(
        self, key: ModelId, load: Any, sampling: SamplingSettings | None, reload: bool, removed: Collection[str]
    ) -> SettingsOutcome:
        self.last_call = (key, load, sampling, reload, removed)
        model = self.get(key)
        return SettingsOutcome(model, model.load_settings, sampling or model.sampling, ("temperature",), (), THEN)

    async def delete_model(self, key: ModelId) -> int:
        self.get(key)
        return 5_000_000_000

    @asynccontextmanager
    async def watch_models(self, key: ModelId | None) -> AsyncIterator[AsyncGenerator[Change[ModelRecord], None]]:
        async def no_changes() -> AsyncGenerator[Change[ModelRecord], None]:
            return
            yield

        yield snapshot_then_live(list(self.rows.values()), lambda model: model.id, no_changes())


class FakeIndexing(CanFail):
    """Publishes its status twice, the second time with more embedded chunks."""

    def __init__(self, status: IndexingStatus) -> None:
        self.current = status
        self.last_call: tuple[str, object] = ("", None)

    async def status(self) -> IndexingStatus:
        return self.current

    async def start_indexing(self, now: bool) -> IndexingStatus:
        self.raise_failure()
        self.last_call = ("start", now)
        return replace(self.current, state=IndexingState.RUNNING)

    async def stop_indexing(self, reason: str | None) -> IndexingStatus:
        self.raise_failure()
        self.last_call = ("stop", reason)
        return replace(self.current, state=IndexingState.IDLE)

    @asynccontextmanager
    async def watch_indexing(self) -> AsyncIterator[AsyncGenerator[IndexingStatus, None]]:
        async def two_statuses() -> AsyncGenerator[IndexingStatus, None]:
            yield self.current
            yield replace(self.current, done_chunks=self.current.done_chunks + 16)

        yield two_statuses()


class FakeMetrics:
    """Publishes its sample twice, the second time with the next number."""

    def __init__(self, sample: SystemSample) -> None:
        self._sample = sample
        self.interval_ms = 0

    async def sample(self) -> SystemSample:
        return self._sample

    @asynccontextmanager
    async def watch_samples(self, interval_ms: int) -> AsyncIterator[AsyncGenerator[SystemSample, None]]:
        self.interval_ms = interval_ms

        async def two_samples() -> AsyncGenerator[SystemSample, None]:
            yield self._sample
            yield replace(self._sample, seq=self._sample.seq + 1)

        yield two_samples()
