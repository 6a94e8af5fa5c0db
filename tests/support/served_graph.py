"""The GraphQL schema behind the real transport, over stores in memory: real event logs and sampler, scripted answers."""

import gc
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette

from records.ids import DocumentId
from records.system import InferenceStatus, StorageStatus
from resolvers.request_context import Context
from schema.build import build_schema
from services.answers import Answers
from services.ingestion import IncomingFiles
from services.ingestion.document_events import DocumentEvents
from services.metrics import Machine, Metrics, Sources, open_metrics
from services.sessions import Sessions
from tests.fakes.answers import AttachingSessions, ExchangedMessages, ScriptedAnswerer, open_scripted_answers
from tests.fakes.authentication import make_contexts
from tests.fakes.collections import no_members
from tests.fakes.stores import FakeDocuments
from tests.schema.conftest import InMemoryGraph
from tests.schema.samples import SAMPLE
from tests.support.builders import make_document, make_session
from tests.support.supervisor import open_test_supervisor
from transport import TransportSettings, create_middleware, create_routes

METRICS = """subscription { systemMetrics(intervalMs: 1000) { seq sampledAt uptimeSeconds
    cpu { usagePercent perCorePercent loadAverage } memory { totalBytes usedBytes availableBytes usedPercent }
    disks { purpose usedBytes freeBytes usedPercent } temperatures { sensor label currentCelsius }
    process { cpuPercent residentBytes threads openFiles children { pid purpose state cpuPercent residentBytes } }
    inference { status sequencesBusy queueDepth completionTokensPerSecond } ingestion { queued running yielding }
    storage { documents chunks vectors sessions messages databaseBytes } } }"""
ANSWER = """subscription ($id: ID!, $after: String) { messageEvents(messageId: $id, after: $after) {
    __typename cursor ... on TextDelta { text offset } ... on StreamGap { content }
    ... on MessageCompleted { message { content } } } }"""
DOCUMENTS = "subscription { documentEvents { change documentId document { name status progress } } }"


class WatchedDocuments(FakeDocuments):
    async def with_status(self, *_: Any) -> tuple[Any, ...]:
        return ()


class IngestionWithEvents:
    """A fake of the ingestion that provides document events and does nothing else."""

    def __init__(self, document_events: DocumentEvents) -> None:
        self.watch_documents = document_events.watch


@dataclass(frozen=True, slots=True)
class Served:
    app: Starlette
    graph: InMemoryGraph
    answers: Answers
    answerer: ScriptedAnswerer
    document_events: DocumentEvents
    metrics: Metrics
    context: Context

    @property
    def watchers(self) -> int:
        """The number of open subscriptions to documents, metrics and sessions."""
        return self.document_events.watchers + self.metrics.watchers + self.graph.session_changes.watchers

    def change_document(self, name: str) -> None:
        self.document_events.publish_updated(make_document(id=DocumentId(1), name=name))


@asynccontextmanager
async def open_graph(folder: Path, **settings: Any) -> AsyncIterator[Served]:
    graph = InMemoryGraph(build_schema())
    graph.documents = WatchedDocuments(make_document(), make_document(id=DocumentId(2), name="nuts.txt"))
    graph.messages = ExchangedMessages()
    graph.sessions = AttachingSessions(make_session())
    graph.session_changes = Sessions(cast(Any, graph.sessions))
    answerer = ScriptedAnswerer(graph.documents, graph.messages)
    document_events = DocumentEvents(cast(Any, graph.documents), no_members())
    async with (
        open_scripted_answers(answerer, graph.models) as answers,
        open_test_supervisor() as supervisor,
        open_metrics(supervisor, _sources(), Machine({"data": folder}), "0") as metrics,
    ):
        context = replace(
            graph.context(), answers=answers, metrics=metrics, ingestion=cast(Any, IngestionWithEvents(document_events))
        )
        chosen = TransportSettings(incoming=IncomingFiles(folder / "incoming", 1 << 20), graphiql=False, **settings)
        contexts = make_contexts(lambda viewer, exchange: replace(context, viewer=viewer, exchange=exchange))
        routes = create_routes(graph.schema, contexts, chosen)
        app = Starlette(routes=routes, middleware=create_middleware(chosen, contexts.authenticate))
        yield Served(app, graph, answers, answerer, document_events, metrics, context)


def _sources() -> Sources:
    async def inference() -> tuple[tuple[InferenceStatus, ...], tuple[str, ...]]:
        return SAMPLE.inference, ()

    async def storage() -> tuple[StorageStatus, tuple[str, ...]]:
        return SAMPLE.storage, ()

    return Sources(lambda: (), inference, lambda: SAMPLE.ingestion, storage)


def generators_alive() -> int:
    """Return the number of asynchronous generators of the process that have started and not ended."""
    gc.collect()
    return sum(
        type(each) is types.AsyncGeneratorType and each.ag_frame is not None and each.ag_frame.f_lasti > 0
        for each in gc.get_objects()
    )
