"""The graph over the real transport, stores and services, served to the user whom a header names."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from concurrency import OwnedTasks, open_owned_tasks
from persistence.access.audit_entries import AuditEntries
from persistence.access.erasures import Erasures
from persistence.access.statistics import ServerStatistics
from persistence.access.users import Users
from persistence.database.database import Database
from records.access import Exchange, Viewer
from records.access.usage import UsageLimits
from records.configuration import Limits, ServerSettings
from resolvers.request_context import Context
from schema.build import build_schema
from schema.permissions import authorize
from services.access import Access
from services.access.audit_log import AuditLog
from services.access.revocations import Revocations
from services.collections import CollectionServices, CollectionStores, create_collections
from services.erasure import Erasure, SessionErasure
from services.ingestion import IncomingFiles
from services.memberships import Memberships
from services.retrieval.retriever import Retriever
from services.usage import Usage
from tests.access import PEOPLE, SYSTEM, add_people
from tests.fakes.access import fake_access
from tests.fakes.authentication import FakeAuthentication, make_contexts, make_viewer
from tests.fakes.embedding import FakeEmbedder
from tests.fakes.indexing import FakeDeepVectors
from tests.fakes.inference import FakeInference
from tests.fakes.ingestion import EmptyVectorIndex
from tests.fakes.reranking import FakeReranker
from tests.fakes.services import FakeIndexing, FakeMetrics, FakeModels
from tests.persistence.stores import Stores
from tests.schema.samples import INDEXING, SAMPLE
from tests.services.answers.harness import AnswersHarness
from tests.services.answers.harness import open_supervised as open_answers
from tests.services.ingestion.harness import IngestionHarness
from tests.services.ingestion.harness import open_supervised as open_ingestion
from tests.support.builders import make_model
from tests.support.supervisor import open_test_supervisor
from transport import TransportSettings, create_middleware, create_routes
from transport.errors import OperationRejected
from transport.execution.operations import Operations
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import encode_json

NO_LIMITS = UsageLimits()


@dataclass(frozen=True, slots=True)
class TwoUsers:
    """A server with two users. `operations` executes subscriptions as for a WebSocket."""

    operations: Operations
    client: httpx.AsyncClient
    members: Memberships
    erasure: Erasure
    collections: CollectionServices
    answers: AnswersHarness
    ingestion: IngestionHarness

    async def until_idle(self) -> None:
        """Wait until no answer runs and no document is being ingested or deleted."""
        await self.answers.until_idle()
        await self.ingestion.until_idle()

    async def execute(self, user: str, document: str, variables: dict[str, Any]) -> tuple[int, str]:
        """Send an operation as a user; return the status and the body of the response."""
        body = {"query": document, "variables": variables}
        headers = {"authorization": f"Bearer {user}", "accept": "application/graphql-response+json"}
        response = await self.client.post("/graphql", json=body, headers=headers)
        return response.status_code, response.text

    async def events(self, user: str, document: str, variables: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Yield the payloads of a subscription of a user. Raises `OperationRejected`."""
        connection, viewer = HTTPConnection({"type": "websocket", "headers": []}), make_viewer(PEOPLE[user])
        operation = self.operations.prepare(GraphQLRequest(document, variables), connection, viewer, Exchange())
        async with aclosing(self.operations.stream(operation)) as events:
            async for event in events:
                yield event

    async def subscribe(self, user: str, document: str, variables: dict[str, Any], limit: int) -> list[str]:
        """Subscribe as a user; return the first payloads, or the errors of a rejected subscription."""
        payloads: list[str] = []
        try:
            async with aclosing(self.events(user, document, variables)) as events:
                async for event in events:
                    payloads.append(str(event))
                    if len(payloads) == limit:
                        break
        except OperationRejected as rejection:
            payloads.append(encode_json(rejection.errors).decode())
        return payloads


def _sharing(
    answers: AnswersHarness, ingestion: IngestionHarness, tasks: OwnedTasks
) -> tuple[CollectionServices, Erasure]:
    """Return the real services of collections and of erasure."""
    stores, database = answers.stores, answers.stores.database
    of_collections = CollectionStores(stores.collections, stores.grants, stores.groups)
    audit = AuditLog(AuditEntries(database))
    collections = create_collections(
        tasks, of_collections, stores.documents, ingestion.events, ingestion.members, audit, SYSTEM
    )
    sessions = SessionErasure(stores.sessions, stores.messages, answers.session_changes, answers.answers)
    erasure = Erasure(
        Erasures(database), Users(database), stores.collections, sessions, ingestion.ingestion, collections.events,
        Revocations(), audit, tasks,
    )  # fmt: skip
    return collections, erasure


def create_retriever(stores: Stores, vectors: Any) -> Retriever:
    return Retriever(
        stores.documents, stores.chunks, stores.keywords, vectors, FakeEmbedder(), cast(Any, FakeReranker())
    )


def context_factory(
    answers: AnswersHarness,
    ingestion: IngestionHarness,
    tasks: OwnedTasks,
    usage: Usage | None = None,
    access: Access | None = None,
    retriever: Retriever | None = None,
) -> Callable[[Viewer, Exchange], Context]:
    """Return a function that creates contexts over the real stores and services of both harnesses.

    By default, accounts are fakes and no chunk has a vector.
    """
    stores = answers.stores
    collections, erasure = _sharing(answers, ingestion, tasks)
    return partial(
        Context,
        access=access or fake_access(Users(stores.database)),
        collections=collections,
        erasure=erasure,
        documents=stores.documents,
        chunks=stores.chunks,
        sessions=stores.sessions,
        messages=stores.messages,
        originals=ingestion.originals,
        intake=ingestion.intake,
        ingestion=ingestion.ingestion,
        document_events=ingestion.events,
        retriever=retriever or create_retriever(stores, EmptyVectorIndex()),
        answers=answers.answers,
        session_changes=answers.session_changes,
        models=cast(Any, FakeModels(make_model())),
        metrics=FakeMetrics(SAMPLE),
        indexing=FakeIndexing(INDEXING),
        usage=usage or Usage(stores.usage, NO_LIMITS),
        statistics=ServerStatistics(stores.database),
        settings=ServerSettings("words-hashed", FakeEmbedder.dimensions),
        limits=Limits(),
        deep_vectors=FakeDeepVectors(3),
    )


@asynccontextmanager
async def open_two_users(
    database: Database,
    folder: Path,
    limits: UsageLimits = NO_LIMITS,
    inference: FakeInference | None = None,
    access: Access | None = None,
    retriever: Retriever | None = None,
) -> AsyncIterator[TwoUsers]:
    """Serve the users of `PEOPLE` while the block is open.

    By default, accounts are fakes, no chunk has a vector, answers find no passages, and the model says hello.
    """
    await add_people(database)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        supervisor = await enter(open_test_supervisor())
        answers = await enter(
            open_answers(database, supervisor, limits=limits, inference=inference, retriever=cast(Any, retriever))
        )
        ingestion = await enter(open_ingestion(database, folder, supervisor, limits=limits))
        tasks = await enter(open_owned_tasks(supervisor, "test"))
        usage = Usage(answers.stores.usage, limits)
        create = context_factory(answers, ingestion, tasks, usage, access, retriever)
        contexts = make_contexts(create, FakeAuthentication(scopes=PEOPLE), authorize, usage.check_upload)
        settings = TransportSettings(incoming=IncomingFiles(folder / "incoming", 1 << 20), graphiql=False)
        schema = build_schema()
        operations = Operations(schema, contexts, settings.limits, settings.times, introspection=True)
        routes = create_routes(schema, contexts, settings)
        app = Starlette(routes=routes, middleware=create_middleware(settings, contexts.authenticate))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        client = await enter(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))
        context = create(make_viewer(), Exchange())
        yield TwoUsers(operations, client, ingestion.members, context.erasure, context.collections, answers, ingestion)
