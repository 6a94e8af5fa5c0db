"""Opens all components of the server in order and connects them; they are closed in reverse order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_bytes

from bootstrap.accounts import open_accounts, open_collections
from bootstrap.data_folder import StartFailed
from bootstrap.deep_embedder import DEEP_FOLDER
from bootstrap.documents import DocumentServices, open_document_services
from bootstrap.indexing import open_background_indexing
from bootstrap.search import LIGHT_FOLDER, Search, open_search
from bootstrap.stores import Stores, open_stores
from concurrency import Signal, Supervisor
from records.access import AccessScope, UserFilter
from records.access.system_scope import SYSTEM
from records.access.usage import UsageLimits
from records.configuration import Limits, ServerSettings
from records.errors import ExpectedError
from records.tracing import Tracer
from resolvers.request_context import Context
from services.access import Access
from services.access.authentication import Authentication
from services.answers import AnswerListeners, AnswerPlanner, Answers, open_answers
from services.answers.answerer import Answerer
from services.answers.effective_settings import SERVER_DEFAULTS
from services.collections import CollectionServices
from services.erasure import Erasure, SessionErasure
from services.health import Health
from services.indexing import Indexing
from services.metrics import (
    Exposition,
    LoopLag,
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
from services.usage import Places, Usage
from settings import Settings

LINKS = "links to downloads"
"""Purpose of the secret key that signs links."""
SALT_KEY_BYTES = 32
"""Length of the key of the salts of prefix caches. It is random at each start, because these caches are in memory only."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values that `server.py` passes to the components."""

    settings: Settings
    limits: Limits
    tracer: Tracer
    requests: RequestCounters
    version: str
    "The version of Graphlore."


@dataclass(frozen=True, slots=True)
class Components:
    """The opened components that `server.py` passes to its routes."""

    authentication: Authentication
    create_context: Callable[..., Context]
    "Returns the context of one operation from its `viewer`, `exchange` and `sign_link`."
    metrics: Metrics
    exposition: Exposition
    health: Health
    link_key: bytes
    "The key that signs links to downloads."
    set_up_code: str | None = None
    "The code for the sign-up of the superadmin; None if there is one, or if the server has no accounts."
    check_upload: Callable[[AccessScope, int], Awaitable[None]] | None = None
    "Raises `RateLimited` if a user may not upload a number of bytes today."


@dataclass(frozen=True, slots=True)
class _Services:
    """The opened services, in the order in which they were opened."""

    loop_lag: LoopLag
    stores: Stores
    access: Access
    collections: CollectionServices
    erasure: Erasure
    search: Search
    models: Models
    session_changes: SessionChanges
    latency: Latency
    answers: Answers
    documents: DocumentServices
    sources: Sources
    metrics: Metrics
    indexing: Indexing
    usage: Usage


@asynccontextmanager
async def open_components(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[Components]:
    """Open every component. Raises `StartFailed` if an expected error prevents that."""
    has_started = False
    try:
        async with _open_services(supervisor, inputs) as services:
            has_started = True
            yield Components(
                authentication=services.access.authentication,
                create_context=_context_factory(inputs, services),
                check_upload=services.usage.check_upload,
                metrics=services.metrics,
                exposition=Exposition(_make_counters(inputs, services)),
                health=Health(supervisor, services.stores.database.check_write),
                link_key=services.stores.access.keys.current(LINKS)[1],
                set_up_code=services.access.set_up_code,
            )
    except (ExpectedError, OSError) as error:
        if has_started:
            raise
        raise StartFailed(_reason(error)) from error


def _reason(error: ExpectedError | OSError) -> str:
    if isinstance(error, ExpectedError):
        return error.message
    advice = "Check its permissions and the free space of its disk."
    return f"{error.filename} cannot be used: {error.strerror}. {advice}" if error.filename else f"{error}. {advice}"


@asynccontextmanager
async def _open_services(supervisor: Supervisor, inputs: Inputs) -> AsyncIterator[_Services]:
    settings, tracer = inputs.settings, inputs.tracer
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        loop_lag = await enter(open_loop_lag(supervisor))
        stores = await enter(open_stores(settings.data_dir, keep_originals=settings.keep_originals))
        access = await enter(open_accounts(supervisor, settings, stores))
        search = await enter(open_search(supervisor, settings, stores, tracer))
        models: Models = await enter(open_models(supervisor, stores.model_settings, settings.models_folder))
        session_changes, latency, answer_started = SessionChanges(stores.sessions), Latency(), Signal()
        salt_key = token_bytes(SALT_KEY_BYTES)
        answerer = Answerer(stores.documents, stores.messages, search.retriever, models, salt_key, tracer, latency)
        planner = _create_planner(stores, models)
        listeners = AnswerListeners(answer_started.set, session_changes.changed)
        usage = Usage(stores.usage, _usage_limits(settings))
        places = Places(settings.max_queued_answers, usage, partial(_has_several_users, stores))
        answers: Answers = await enter(
            open_answers(answerer, planner, stores.messages, listeners, places, supervisor, SYSTEM)
        )
        documents = await enter(
            open_document_services(supervisor, settings, stores, search, lambda: answers.running, usage, tracer)
        )
        sessions = SessionErasure(stores.sessions, stores.messages, session_changes, answers)
        collections, erasure = await open_collections(stores, access, sessions, documents)
        sources = _make_sources(stores, search, documents, models)
        machine = Machine({"data": stores.data, "models": settings.models_folder})
        metrics: Metrics = await enter(open_metrics(supervisor, sources, machine, inputs.version))
        indexing = await enter(
            open_background_indexing(
                supervisor, settings, search.deep, answers, documents.ingestion, sources.workers, answer_started
            )
        )
        yield _Services(
            loop_lag, stores, access, collections, erasure, search, models, session_changes, latency, answers, documents,
            sources, metrics, indexing, usage,
        )  # fmt: skip


def _create_planner(stores: Stores, models: Models) -> AnswerPlanner:
    return AnswerPlanner(stores.sessions, stores.documents, stores.collections.collections, models, SERVER_DEFAULTS)


async def _has_several_users(stores: Stores) -> bool:
    return await stores.access.users.count(SYSTEM, UserFilter(active=True)) > 1


def _usage_limits(settings: Settings) -> UsageLimits:
    return UsageLimits(
        settings.max_concurrent_answers_per_user,
        settings.daily_answers,
        settings.daily_tokens,
        settings.daily_upload_bytes,
    )


def _make_sources(stores: Stores, search: Search, documents: DocumentServices, models: Models) -> Sources:
    folders = (stores.data / LIGHT_FOLDER, stores.data / DEEP_FOLDER)
    storage = Storage(stores.storage_totals, search.vectors, *folders)
    return Sources(
        lambda: [*(worker.status() for worker in (*search.workers, *documents.parsers)), *models.workers()],
        models.inference_status,
        documents.ingestion.status,
        storage.read,
    )


def _context_factory(inputs: Inputs, services: _Services) -> Callable[..., Context]:
    stores, search, documents = services.stores, services.search, services.documents
    return partial(
        Context,
        access=services.access,
        collections=services.collections,
        erasure=services.erasure,
        documents=stores.documents,
        chunks=stores.chunks,
        sessions=stores.sessions,
        messages=stores.messages,
        originals=stores.originals,
        intake=documents.intake,
        ingestion=documents.ingestion,
        document_events=documents.events,
        retriever=search.retriever,
        answers=services.answers,
        session_changes=services.session_changes,
        models=services.models,
        metrics=services.metrics,
        indexing=services.indexing,
        usage=services.usage,
        statistics=stores.statistics,
        deep_vectors=search.deep.vectors,
        settings=_public_settings(inputs.settings, search),
        limits=inputs.limits,
    )


def _make_counters(inputs: Inputs, services: _Services) -> ServerCounters:
    return ServerCounters(
        services.loop_lag,
        inputs.requests,
        services.search.retriever.seconds,
        services.search.retriever.legs,
        services.documents.ingestion.ends,
        services.answers.ends,
        services.sources.workers,
        services.latency,
        lambda: services.indexing.latest,
    )


def _public_settings(settings: Settings, search: Search) -> ServerSettings:
    """Select the settings that clients may read."""
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
