"""What can be asked. An id that names nothing gives null."""

import asyncio
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import documents, models, sessions, system
from resolvers import search as searching
from schema.chunk import Chunk
from schema.connections import After, Before, Connection, First, Last, connect, paging
from schema.document import Document
from schema.document_inputs import DocumentFilter, DocumentOrder
from schema.indexing import IndexingStatus
from schema.info import Info
from schema.message import Message
from schema.model import Model
from schema.model_mutations import ModelFilter
from schema.node import Node
from schema.nodes import find_chunk, find_document, find_message, find_model, find_node, find_session
from schema.provider import Provider, local_provider
from schema.search import SearchInput, SearchResult, SearchResults
from schema.server import Limits, ServerSettings
from schema.session import Session
from schema.session_inputs import SessionFilter, SessionOrder
from schema.system import SystemStatus

Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]


@strawberry.type(description="What can be asked.")
class Query:
    @strawberry.field(description="Anything by its global id.")
    async def node(self, info: Info, id: Id) -> Node | None:
        return await find_node(info, id)

    @strawberry.field(description="Several things by their global ids, in the same order; null where there is none.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their global ids.")]
    ) -> list[Node | None]:
        return await asyncio.gather(*(find_node(info, each) for each in ids))

    @strawberry.field(description="A document by its id.")
    async def document(self, info: Info, id: Id) -> Document | None:
        return await find_document(info, id)

    @strawberry.field(description="The documents, the newest first unless another order is asked for.")
    async def documents(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[DocumentFilter | None, strawberry.argument(description="Which ones.")] = UNSET,
        order_by: Annotated[DocumentOrder | None, strawberry.argument(description="In which order.")] = UNSET,
    ) -> Connection[Document]:
        chosen = filter or DocumentFilter()
        order = order_by.record() if order_by else documents.NEWEST_FIRST
        request = paging(first, after, last, before)
        return connect(await documents.list_documents(info.context, chosen.record(), order, request), Document.of)

    @strawberry.field(description="A chunk by its id.")
    async def chunk(self, info: Info, id: Id) -> Chunk | None:
        return await find_chunk(info, id)

    @strawberry.field(description="The passages that fit a query best, by their words, their meaning or both.")
    async def search(
        self, info: Info, input: Annotated[SearchInput, strawberry.argument(description="What, and where.")]
    ) -> SearchResult:
        return SearchResults.of(await searching.search(info.context, input.query_record()))

    @strawberry.field(description="A session by its id.")
    async def session(self, info: Info, id: Id) -> Session | None:
        return await find_session(info, id)

    @strawberry.field(
        description="Full-text and tag search over the stored sessions: names, tags, summaries and messages."
    )
    async def sessions(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[SessionFilter | None, strawberry.argument(description="Which ones.")] = UNSET,
        order_by: Annotated[SessionOrder | None, strawberry.argument(description="In which order.")] = UNSET,
    ) -> Connection[Session]:
        chosen = filter or SessionFilter()
        order = order_by.record() if order_by else None
        request = paging(first, after, last, before)
        return connect(await sessions.list_sessions(info.context, chosen.record(), order, request), Session.of)

    @strawberry.field(description="A prompt or an answer by its id.")
    async def message(self, info: Info, id: Id) -> Message | None:
        return await find_message(info, id)

    @strawberry.field(description="The models that can answer, or could if they were loaded.")
    async def models(
        self,
        info: Info,
        filter: Annotated[ModelFilter | None, strawberry.argument(description="Which ones.")] = UNSET,
    ) -> list[Model]:
        chosen = filter.record() if filter else None
        return [Model.of(record) for record in await models.list_models(info.context, chosen)]

    @strawberry.field(description="A model by its id.")
    async def model(self, info: Info, id: Id) -> Model | None:
        return await find_model(info, id)

    @strawberry.field(description="Who runs models: this machine.")
    def providers(self) -> list[Provider]:
        return [local_provider()]

    @strawberry.field(description="One sample now; the same type that `systemMetrics` streams.")
    async def system_status(self, info: Info) -> SystemStatus:
        return SystemStatus.of(await system.read_system_status(info.context))

    @strawberry.field(description="What background indexing with the deep embedder is at.")
    async def indexing(self, info: Info) -> IndexingStatus:
        return IndexingStatus.of(await system.read_indexing_status(info.context))

    @strawberry.field(description="What the server works with.")
    def settings(self, info: Info) -> ServerSettings:
        return ServerSettings.of(info.context)

    @strawberry.field(description="The bounds that a request is held to.", graphql_type=Limits)
    def limits(self, info: Info) -> object:
        return info.context.limits
