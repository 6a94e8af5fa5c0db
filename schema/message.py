"""A prompt or an answer as the graph shows it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from records.codes import ErrorCode
from records.errors import NotFound
from records.session import MessageRating, MessageRecord, MessageRole, MessageStatus, ThinkingMode
from resolvers import models
from schema import ids
from schema.citation import Citation
from schema.enums import describe
from schema.generation import GenerationDetails
from schema.info import Info
from schema.mapping import made_from
from schema.model import Model
from schema.node import Node

if TYPE_CHECKING:
    from schema.session import Session

describe(
    MessageRole,
    "Who wrote a message.",
    USER="A person.",
    ASSISTANT="The model.",
    SYSTEM="The server or its administrator.",
)
describe(
    MessageStatus,
    "How far a message is.",
    PENDING="Waits for its turn or its model.",
    RETRIEVING="Looks for passages.",
    THINKING="The model is thinking.",
    GENERATING="The model is writing.",
    COMPLETED="It is whole.",
    CANCELED="It was stopped, with what it had.",
    FAILED="It failed, with what it had; `error` says why.",
)
describe(MessageRating, "What people thought of an answer.", UP="It helped.", DOWN="It did not help.")


@strawberry.type(description="Why an answer failed.")
class MessageError:
    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong, for people.")


@strawberry.type(description="A prompt or an answer.")
class Message(Node):
    record: strawberry.Private[MessageRecord]
    role: MessageRole = strawberry.field(description="Who wrote it.")
    content: str = strawberry.field(description="Its text, as far as it is written.")
    reasoning: str | None = strawberry.field(description="What the model thought before it answered.")
    status: MessageStatus = strawberry.field(description="How far it is.")
    error: MessageError | None = strawberry.field(description="Why it is FAILED.")
    citations: list[Citation] = strawberry.field(
        description="Passages that the answer was given, in the order of their markers [1], [2], ..."
    )
    model_name: str | None = strawberry.field(description="That model's name, kept where the model is gone.")
    thinking_mode: ThinkingMode | None = strawberry.field(description="How the answer came about.")
    generation: GenerationDetails | None = strawberry.field(description="How the answer was made; null for a prompt.")
    rating: MessageRating | None = strawberry.field(description="What people thought of it.")
    created_at: datetime = strawberry.field(description="When it was sent, or begun.")
    completed_at: datetime | None = strawberry.field(description="When it ended, however it ended.")

    @classmethod
    def of(cls, record: MessageRecord) -> "Message":
        citations = [Citation.of(citation) for citation in record.citations]
        return made_from(cls, record, record=record, id=ids.MESSAGE.of(record.id), citations=citations)

    @strawberry.field(description="The session that it stands in.")
    async def session(self, info: Info) -> Annotated["Session", strawberry.lazy("schema.session")]:
        from schema.session import Session

        found = await info.context.loaders.sessions.load(self.record.session_id)
        if found is None:
            raise NotFound("session", self.record.session_id)
        return Session.of(found)

    @strawberry.field(description="The message that this one answers or follows; siblings share it.")
    async def parent(self, info: Info) -> Annotated["Message", strawberry.lazy("schema.message")] | None:
        if self.record.parent_id is None:
            return None
        found = await info.context.loaders.messages.load(self.record.parent_id)
        return None if found is None else Message.of(found)

    @strawberry.field(description="The model that wrote it.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.of(found)
