"""The graph over the real transport, stores and services, served to the user whom a header names."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from persistence.database.database import Database
from records.access import AccessScope
from records.configuration import Limits, ServerSettings
from resolvers.request_context import Context
from schema.build import build_schema
from services.ingestion import IncomingFiles
from services.retrieval.retriever import Retriever
from services.sessions import Sessions
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.embedding import FakeEmbedder
from tests.fakes.indexing import FakeDeepVectors
from tests.fakes.ingestion import EmptyVectorIndex
from tests.fakes.reranking import FakeReranker
from tests.fakes.services import FakeIndexing, FakeMetrics, FakeModels
from tests.schema.samples import INDEXING, SAMPLE
from tests.services.answers.harness import AnswersHarness
from tests.services.answers.harness import open_supervised as open_answers
from tests.services.ingestion.harness import IngestionHarness
from tests.services.ingestion.harness import open_supervised as open_ingestion
from tests.support.builders import make_model
from tests.support.supervisor import open_test_supervisor
from transport import Contexts, TransportSettings, create_middleware, create_routes
from transport.errors import OperationRejected
from transport.execution.operations import Operations
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import encode_json

USER_HEADER = "x-test-user"
SCOPES = {"local": LOCAL, "stranger": STRANGER}


@dataclass(frozen=True, slots=True)
class TwoUsers:
    """A server with two users. `operations` executes subscriptions as for a WebSocket."""

    operations: Operations
    client: httpx.AsyncClient

    async def execute(self, user: str, document: str, variables: dict[str, Any]) -> tuple[int, str]:
        """Send an operation as a user; return the status and the body of the response."""
        body = {"query": document, "variables": variables}
        headers = {USER_HEADER: user, "accept": "application/graphql-response+json"}
        response = await self.client.post("/graphql", json=body, headers=headers)
        return response.status_code, response.text

    async def subscribe(self, user: str, document: str, variables: dict[str, Any], limit: int) -> list[str]:
        """Subscribe as a user; return the first payloads, or the errors of a rejected subscription."""
        headers = [(USER_HEADER.encode(), user.encode())]
        connection = HTTPConnection({"type": "websocket", "headers": headers})
        operation = self.operations.prepare(GraphQLRequest(document, variables), connection)
        payloads: list[str] = []
        try:
            async with aclosing(self.operations.stream(operation)) as events:
                async for event in events:
                    payloads.append(str(event))
                    if len(payloads) == limit:
                        break
        except OperationRejected as rejection:
            payloads.append(encode_json(rejection.errors).decode())
        return payloads


async def _resolve_scope(connection: HTTPConnection) -> AccessScope:
    return SCOPES[connection.headers.get(USER_HEADER, "local")]


def context_factory(answers: AnswersHarness, ingestion: IngestionHarness) -> Callable[[AccessScope], Context]:
    """Return a function that creates contexts over the real stores and services of both harnesses."""
    stores = answers.stores
    vectors, embedder, reranker = cast(Any, EmptyVectorIndex()), FakeEmbedder(), cast(Any, FakeReranker())
    return partial(
        Context,
        documents=stores.documents,
        chunks=stores.chunks,
        sessions=stores.sessions,
        messages=stores.messages,
        originals=ingestion.originals,
        intake=ingestion.intake,
        ingestion=ingestion.ingestion,
        document_events=ingestion.events,
        retriever=Retriever(stores.documents, stores.chunks, stores.keywords, vectors, embedder, reranker),
        answers=answers.answers,
        session_changes=Sessions(stores.sessions),
        models=cast(Any, FakeModels(make_model())),
        metrics=FakeMetrics(SAMPLE),
        indexing=FakeIndexing(INDEXING),
        settings=ServerSettings("words-hashed", embedder.dimensions),
        limits=Limits(),
        deep_vectors=FakeDeepVectors(3),
    )


@asynccontextmanager
async def open_two_users(database: Database, folder: Path) -> AsyncIterator[TwoUsers]:
    """Serve two users while the block is open."""
    await add_stranger(database)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        supervisor = await enter(open_test_supervisor())
        answers = await enter(open_answers(database, supervisor))
        ingestion = await enter(open_ingestion(database, folder, supervisor))
        contexts = Contexts(_resolve_scope, context_factory(answers, ingestion))
        settings = TransportSettings(incoming=IncomingFiles(folder / "incoming", 1 << 20), graphiql=False)
        schema = build_schema()
        operations = Operations(schema, contexts, settings.limits, settings.times, introspection=True)
        routes = create_routes(schema, contexts, settings)
        app = Starlette(routes=routes, middleware=create_middleware(settings))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        client = await enter(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))
        yield TwoUsers(operations, client)
