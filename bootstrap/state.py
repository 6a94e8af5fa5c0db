"""Everything that the server owns, in the order in which it is opened; closed in the opposite one."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypedDict

import structlog

from bootstrap.deep import DEEP_FOLDER
from bootstrap.documents import DocumentJobs, open_document_jobs
from bootstrap.indexing import make_indexing
from bootstrap.search import LIGHT_FOLDER, Search, open_search
from bootstrap.stores import Stores, open_stores
from concurrency import Signal, open_supervisor
from records.settings import Limits, ServerSettings
from records.system import StorageCounts
from records.tracing import Tracer
from resolvers.request_context import Context
from services.answers import AnswerListeners, AnswerPlanner, Answers, open_answers
from services.answers.answerer import Answerer
from services.answers.effective_settings import SERVER_DEFAULTS
from services.indexing import open_indexing
from services.metrics import (
    Exposition,
    Machine,
    Metrics,
    RequestCounters,
    ServerCounters,
    Sources,
    open_loop_lag,
    open_metrics,
)
from services.metrics.latency import Latency
from services.metrics.storage import Storage
from services.models import Models, open_models
from services.sessions import Sessions as SessionChanges
from settings import Settings

log = structlog.get_logger("graphlore")


class State(TypedDict):
    """What the application's lifespan hands to its requests."""

    context: Context
    exposition: Exposition


@asynccontextmanager
async def open_state(
    settings: Settings,
    version: str,
    limits: Limits,
    tracer: Tracer,
    traffic: RequestCounters,
    sign_link: Callable[[str], str],
) -> AsyncIterator[State]:
    """`version` is Graphlore's own; `sign_link` makes a path one that opens for a while without the access token."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        supervisor = await enter(open_supervisor(lambda: signal.raise_signal(signal.SIGTERM)))
        loop_lag = await enter(open_loop_lag(supervisor))
        stores = await enter(open_stores(settings.data_dir, keep_originals=settings.keep_originals))
        search = await enter(open_search(settings, stores, tracer))
        models: Models = await enter(open_models(supervisor, stores.model_settings, settings.models_folder))
        session_changes, waits, answer_began = SessionChanges(stores.sessions), Latency(), Signal()
        answers: Answers = await enter(
            open_answers(
                Answerer(stores.documents, stores.messages, search.retriever, models, tracer, waits),
                AnswerPlanner(stores.sessions, stores.documents, models, SERVER_DEFAULTS),
                stores.messages,
                AnswerListeners(answer_began.set, session_changes.changed),
                settings.max_queued_answers,
                supervisor,
            )
        )
        jobs = await enter(open_document_jobs(settings, stores, search, lambda: answers.running, tracer, supervisor))
        sources = _sources(stores, search, jobs, models)
        machine = Machine({"data": stores.data, "models": settings.models_folder})
        metrics: Metrics = await enter(open_metrics(supervisor, sources, machine, version))
        indexing = make_indexing(settings, search.deep, answers, jobs.ingestion, sources.workers, answer_began)
        await enter(open_indexing(supervisor, indexing))
        context = Context(
            documents=stores.documents,
            chunks=stores.chunks,
            sessions=stores.sessions,
            messages=stores.messages,
            originals=stores.originals,
            intake=jobs.arrivals,
            ingestion=jobs.ingestion,
            document_events=jobs.feed,
            retriever=search.retriever,
            answers=answers,
            session_changes=session_changes,
            models=models,
            metrics=metrics,
            indexing=indexing,
            deep_vectors=search.deep.vectors,
            settings=_told(settings, search),
            limits=limits,
            sign_link=sign_link,
        )
        counted = ServerCounters(
            loop_lag,
            traffic,
            search.retriever.seconds,
            search.retriever.legs,
            jobs.ingestion.ends,
            answers.ends,
            sources.workers,
            waits,
            lambda: indexing.latest,
        )
        yield {"context": context, "exposition": Exposition(counted)}
        log.info("stopping")


def _sources(stores: Stores, search: Search, jobs: DocumentJobs, models: Models) -> Sources:
    folders = (stores.data / LIGHT_FOLDER, stores.data / DEEP_FOLDER)
    storage = Storage(_StorageTotals(stores), search.vectors, *folders)
    return Sources(
        lambda: [*(worker.status() for worker in (*search.workers, *jobs.parsers)), *models.workers()],
        models.inference_status,
        jobs.ingestion.status,
        storage.read,
    )


@dataclass(frozen=True, slots=True)
class _StorageTotals:
    """Totals that are counted when they are read. `persistence` will keep running totals instead."""

    stores: Stores

    async def read(self) -> StorageCounts:
        counts = await self.stores.documents.storage_counts()
        return replace(counts, originals_bytes=await self.stores.originals.byte_size())


def _told(settings: Settings, search: Search) -> ServerSettings:
    """What clients are told of the settings."""
    return ServerSettings(
        light_embedder=search.embedder.model,
        light_dimensions=search.embedder.dimensions,
        reranker=search.reranker.name,
        deep_embedder=search.deep.name,
        deep_dimensions=search.deep.dimensions,
        idle_threshold_seconds=settings.idle_threshold_seconds,
        gpu_idle_percent=settings.gpu_idle_percent,
        keep_originals=settings.keep_originals,
        session_defaults=SERVER_DEFAULTS,
    )
