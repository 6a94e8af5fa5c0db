"""The real schema over in-memory stores and fake services; tests execute GraphQL operations against it."""

from typing import Any, cast

import pytest
import strawberry

from records.access import Exchange
from records.configuration import Limits, ServerSettings
from records.ids import ChunkId, DocumentId, MessageId
from records.session import MessageRole
from resolvers.request_context import Context
from schema.build import build_schema
from services.erasure import SessionErasure
from services.sessions import Sessions
from services.usage import Usage
from tests.fakes.access import LIMITS, FakeStatistics, FakeUsageStore, fake_access
from tests.fakes.authentication import make_viewer
from tests.fakes.collections import FakeErasure, fake_collections
from tests.fakes.indexing import FakeDeepVectors
from tests.fakes.retrieval import FakeRetriever
from tests.fakes.services import (
    FakeAnswers,
    FakeDocumentEvents,
    FakeIndexing,
    FakeIngestion,
    FakeIntake,
    FakeMetrics,
    FakeModels,
)
from tests.fakes.stores import FakeChunks, FakeDocuments, FakeMessages, FakeOriginals, FakeSessions
from tests.schema.samples import CITATION, INDEXING, SAMPLE
from tests.support.builders import make_chunk, make_document, make_message, make_model, make_session


class InMemoryGraph:
    """Two documents, three chunks of the first one, a session with a prompt and its answer, and a model."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema
        self.documents = FakeDocuments(make_document(), make_document(id=DocumentId(2), name="nuts.txt"))
        self.collections = fake_collections()
        self.messages = FakeMessages(
            make_message(id=MessageId(1), role=MessageRole.USER, content="How tight?"),
            make_message(id=MessageId(2), parent_id=MessageId(1), content="35 Nm [1].", citations=(CITATION,)),
        )
        self.chunks = FakeChunks(self.messages, *(make_chunk(id=ChunkId(n + 1), index=n) for n in range(3)))
        self.sessions = FakeSessions(make_session(head_id=MessageId(2), message_count=2))
        self.models = FakeModels(make_model())
        self.originals = FakeOriginals()
        self.intake = FakeIntake()
        self.document_events = FakeDocumentEvents()
        self.ingestion = FakeIngestion(self.documents)
        self.retriever = FakeRetriever()
        self.answers = FakeAnswers(self.messages, self.sessions)
        self.session_changes = Sessions(cast(Any, self.sessions))
        self.metrics = FakeMetrics(SAMPLE)
        self.indexing = FakeIndexing(INDEXING)
        self.usage = Usage(FakeUsageStore(), LIMITS)
        self.statistics = FakeStatistics()
        self.deep_vectors = FakeDeepVectors(3)
        self.settings = ServerSettings("all-MiniLM-L6-v2", 384)

    def context(self) -> Context:
        context: Any = Context
        erasure = SessionErasure(
            cast(Any, self.sessions), cast(Any, self.messages), self.session_changes, cast(Any, self.answers)
        )
        return cast(
            Context,
            context(
                viewer=make_viewer(),
                exchange=Exchange(),
                access=fake_access(),
                collections=self.collections,
                erasure=FakeErasure(erasure, cast(Any, self.collections.stores.collections)),
                documents=self.documents,
                chunks=self.chunks,
                sessions=self.sessions,
                messages=self.messages,
                originals=self.originals,
                intake=self.intake,
                ingestion=self.ingestion,
                document_events=self.document_events,
                retriever=self.retriever,
                answers=self.answers,
                session_changes=self.session_changes,
                models=self.models,
                metrics=self.metrics,
                indexing=self.indexing,
                usage=self.usage,
                statistics=self.statistics,
                deep_vectors=self.deep_vectors,
                settings=self.settings,
                limits=Limits(),
            ),
        )

    async def execute(self, operation: str, **variables: Any) -> Any:
        """Execute an operation and return its data; fail the test on any error."""
        result = await self.schema.execute(operation, variable_values=variables, context_value=self.context())
        assert not result.errors, result.errors
        return result.data

    async def errors(self, operation: str, **variables: Any) -> list[Any]:
        """Execute an operation and return its top-level errors."""
        result = await self.schema.execute(operation, variable_values=variables, context_value=self.context())
        return result.errors or []

    async def mutate(self, mutation: str, input: dict[str, Any], fields: str = "") -> Any:
        """Execute a mutation; return the type of its result, the fields of an error, and `fields`."""
        name = mutation[0].upper() + mutation[1:]
        more = fields + ("... on NotFoundError { missingId }" if self._has_not_found(f"{name}Result") else "")
        document = f"""mutation ($input: {name}Input!) {{
            {mutation}(input: $input) {{ __typename ... on Error {{ code message path }} {more} }} }}"""
        return (await self.execute(document, input=input))[mutation]

    def _has_not_found(self, union: str) -> bool:
        return any(member.name == "NotFoundError" for member in cast(Any, self.schema._schema.type_map[union]).types)

    async def subscribe(self, operation: str, max_results: int = 50, **variables: Any) -> list[Any]:
        """Return the first results of a subscription and close it."""
        results = []
        stream: Any = await self.schema.subscribe(operation, variable_values=variables, context_value=self.context())
        async for result in stream:
            results.append(result)
            if len(results) == max_results:
                break
        await stream.aclose()
        return results


@pytest.fixture(scope="session")
def schema() -> strawberry.Schema:
    return build_schema()


@pytest.fixture
def graph(schema: strawberry.Schema) -> InMemoryGraph:
    return InMemoryGraph(schema)
