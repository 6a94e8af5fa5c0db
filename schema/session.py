"""A session as the graph shows it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from records.session import SessionRecord
from resolvers import models, sessions
from schema import ids
from schema.connections import After, Before, Connection, First, Last, connect, paging
from schema.generation import TokenUsage
from schema.info import Info
from schema.mapping import made_from
from schema.message import Message
from schema.model import Model
from schema.node import Node
from schema.session_settings import SessionSettings

if TYPE_CHECKING:
    from schema.document import Document


@strawberry.type(description="A conversation, with the documents that it draws on.")
class Session(Node):
    record: strawberry.Private[SessionRecord]
    name: str = strawberry.field(description="What people call it.")
    model_name: str | None = strawberry.field(description="That model's name, kept where the model is gone.")
    message_count: int = strawberry.field(description="Its messages.")
    settings: SessionSettings = strawberry.field(description="What was set for this session; null is inherited.")
    usage: TokenUsage = strawberry.field(description="What all its answers together took.")
    archived: bool = strawberry.field(description="Whether it was put away.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    last_message_at: datetime | None = strawberry.field(description="When the last prompt was answered.")

    @classmethod
    def of(cls, record: SessionRecord) -> "Session":
        settings = SessionSettings.of(record.settings)
        return made_from(cls, record, record=record, id=ids.SESSION.of(record.id), settings=settings)

    @strawberry.field(description="The model that answered last.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.of(found)

    @strawberry.field(description="The documents that are attached to it, the newest first.")
    async def documents(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Annotated["Document", strawberry.lazy("schema.document")]]:
        from schema.document import Document

        request = paging(first, after, last, before)
        return connect(await sessions.list_attached_documents(info.context, self.record.id, request), Document.of)

    @strawberry.field(description="The active path of the conversation's tree, from its first prompt to `head`.")
    async def messages(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Message]:
        request = paging(first, after, last, before)
        return connect(await sessions.list_messages(info.context, self.record.id, request), Message.of)

    @strawberry.field(description="The newest message of the active path.")
    async def head(self, info: Info) -> Message | None:
        if self.record.head_id is None:
            return None
        found = await info.context.loaders.messages.load(self.record.head_id)
        return None if found is None else Message.of(found)

    @strawberry.field(
        description="What the next answer will be made with: the session's, else the model's, else the server's."
    )
    async def effective_settings(self, info: Info) -> SessionSettings:
        return SessionSettings.of(await sessions.read_effective_settings(info.context, self.record))
