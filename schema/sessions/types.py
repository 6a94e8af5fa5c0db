"""Sessions and their settings."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from records.errors import NotFound
from records.events import Change, ChangeKind
from records.ids import SessionId
from records.session import SessionRecord
from resolvers import collections, models, sessions
from schema.access import types as access_types
from schema.collections import types as collection_types
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import CollectionRef, DocumentRef, MessageRef, UserRef
from schema.common.types import Node
from schema.documents import types as document_types
from schema.models.types import Model
from schema.sessions import messages as message_types
from schema.sessions.answer_settings import SessionSettings
from schema.sessions.generation import TokenUsage


@strawberry.type(description="A conversation with its messages, settings and attached documents.")
class Session(Node):
    record: strawberry.Private[SessionRecord]
    name: str = strawberry.field(
        description="Display name: one line of 1 to 300 characters without control characters."
    )
    model_name: str | None = strawberry.field(
        description="Name of the model that generated the last answer, kept after the model is removed; null before "
        "the first answer."
    )
    message_count: int = strawberry.field(
        description="Number of messages of the session, prompts and answers together."
    )
    settings: SessionSettings = strawberry.field(
        description="Settings that were set for this session; null values are inherited."
    )
    usage: TokenUsage = strawberry.field(
        description="Sums over the COMPLETED answers of the session. Tokens of other answers are not counted."
    )
    archived: bool = strawberry.field(description="True if the session is archived.")
    created_at: datetime = strawberry.field(description="Time at which the session was created.")
    updated_at: datetime = strawberry.field(description="Time of the last change, including new messages.")
    last_message_at: datetime | None = strawberry.field(
        description="Time at which the latest answer ended; while that answer is unfinished, the time at which its "
        "prompt was sent. Null for a session without messages."
    )

    @classmethod
    def from_record(cls, record: SessionRecord) -> "Session":
        settings = SessionSettings.from_record(record.settings)
        return from_record(cls, record, record=record, id=global_ids.SESSION.encode(record.id), settings=settings)

    @strawberry.field(
        description="Model that generated the last answer; null before the first answer, or if the model was removed."
    )
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.from_record(found)

    @strawberry.field(description="Documents that are attached to the session, newest first.")
    async def documents(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[DocumentRef]:
        request = paging(first, after, last, before)
        listing = await sessions.list_attached_documents(info.context, self.record.id, request)
        return connect(listing, document_types.Document.from_record)

    @strawberry.field(description="User who owns the session.")
    async def owner(self, info: Info) -> UserRef:
        record = await info.context.loaders.users.load(self.record.owner_id)
        if record is None:
            raise NotFound("user", self.record.owner_id)
        return access_types.User.from_record(record)

    @strawberry.field(
        description="Collections on which the session draws and to which the viewer has access, in the order in which they "
        "were chosen."
    )
    async def collections(self, info: Info) -> list[CollectionRef]:
        found = await collections.list_session_collections(info.context, self.record.id)
        return [collection_types.Collection.from_record(record) for record in found]

    @strawberry.field(
        description="Messages of the conversation from the first prompt to `head`, in order: each message is the "
        "`Message.parent` of the next. Other branches are reached by `Message.siblings`."
    )
    async def messages(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[MessageRef]:
        request = paging(first, after, last, before)
        listing = await sessions.list_messages(info.context, self.record.id, request)
        return connect(listing, message_types.Message.from_record)

    @strawberry.field(description="Latest message of the conversation; null for a session without messages.")
    async def head(self, info: Info) -> MessageRef | None:
        if self.record.head_id is None:
            return None
        found = await info.context.loaders.messages.load(self.record.head_id)
        return None if found is None else message_types.Message.from_record(found)

    @strawberry.field(
        description="Settings that the next answer will be generated with. Settings of the session override "
        "those of its collections, except where these are locked; these override those of the model, and these those of the "
        "server. `systemPrompt` is null if a collection hides it from the viewer."
    )
    async def effective_settings(self, info: Info) -> SessionSettings:
        return SessionSettings.from_record(await sessions.read_effective_settings(info.context, self.record))


@strawberry.type(description="A change of a session.")
class SessionEvent:
    change: ChangeKind = strawberry.field(description="Kind of change.")
    session_id: strawberry.ID | None = strawberry.field(description="Id of the session; null for SNAPSHOT_END only.")
    session: Session | None = strawberry.field(
        description="State of the session after the change; null for REMOVED and SNAPSHOT_END."
    )
    source_event: strawberry.Private[Change[SessionRecord]]

    @classmethod
    def from_change(cls, change: Change[SessionRecord]) -> "SessionEvent":
        key = None if change.key is None else SessionId(int(change.key))
        return cls(
            change=change.kind,
            session_id=global_ids.SESSION.encode_optional(key),
            session=None if change.record is None else Session.from_record(change.record),
            source_event=change,
        )
