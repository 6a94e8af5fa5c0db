"""Collections with the access to them, and groups."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from records import access as records
from records import session as settings_records
from records.access import AccessLevel, CollectionRecord, CollectionSetting, GroupRecord, LeftDocuments, UserFilter
from records.errors import NotFound
from records.events import Change, ChangeKind
from records.filters import DocumentFilter as DocumentConditions
from records.ids import CollectionId, GroupId
from resolvers import accounts, collections, models
from schema.access import types as access_types
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import DocumentRef, GroupRef, UserRef
from schema.common.scalars import BigInt
from schema.common.types import Node
from schema.documents import types as document_types
from schema.documents.inputs import DocumentFilter
from schema.models.types import Model
from schema.sessions.answer_settings import SessionSettings

describe(
    AccessLevel,
    "Rights of a member in a collection. Each level includes the levels before it. Administrators have the level MANAGE "
    "in every collection.",
    READ="Search, read and cite its documents, and use it in own sessions.",
    WRITE="Also add and remove documents, and change and erase those that the collection owns.",
    MANAGE="Also change its name, settings and locks, read its statistics, and assign it to users and groups.",
)
describe(
    CollectionSetting,
    "A setting that a collection can lock: the sessions of the collection then use the value of the collection, or of the "
    "server if the collection has none.",
    MODEL="`SessionSettings.modelId`.",
    SYSTEM_PROMPT="`SessionSettings.systemPrompt`.",
    THINKING_MODE="`SessionSettings.thinkingMode`.",
    RETRIEVAL="`documentScope`, `topK`, `minSimilarity` and `rerank` of `SessionSettings`.",
    SAMPLING="`SessionSettings.sampling`.",
    OWN_DOCUMENTS="The documents of a session: it searches the documents of its collections only.",
)

describe(
    LeftDocuments,
    "Treatment of the documents that a deleted collection owns and that are in no other collection. Documents of users stay "
    "with their owners, and a document in another collection is owned by that collection.",
    KEEP="The viewer owns them. A document whose bytes the viewer has already is erased.",
    ERASE_IF_NOWHERE_ELSE="They are erased.",
)


@strawberry.type(description="A group of users. A collection that is assigned to a group is open to all its members.")
class Group(Node):
    key: strawberry.Private[GroupId]
    name: str = strawberry.field(description="Display name, 1 to 300 characters. No two names differ only in case.")
    created_at: datetime = strawberry.field(description="Time at which the group was created.")

    @strawberry.field(
        description="Members whom the viewer may see, the oldest account first: administrators and users who manage a "
        "collection see all, other members only themselves."
    )
    async def members(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[UserRef]:
        request = paging(first, after, last, before)
        listing = await accounts.list_users(info.context, UserFilter(group_id=self.key), request)
        return connect(listing, access_types.User.from_record)

    @classmethod
    def from_record(cls, record: GroupRecord) -> "Group":
        return from_record(cls, record, id=global_ids.GROUP.encode(record.id), key=record.id)


Principal = Annotated[
    UserRef | GroupRef, strawberry.union("Principal", description="A user or a group to whom a collection is assigned.")
]


@strawberry.type(description="The access of a user or a group to a collection.")
class CollectionAccess(Node):
    record: strawberry.Private[records.GrantRecord]
    level: AccessLevel = strawberry.field(description="Rights of the user, or of the members of the group.")
    granted_at: datetime = strawberry.field(description="Time at which the access was given.")

    @strawberry.field(description="The user or the group.")
    async def principal(self, info: Info) -> Principal:
        user = await access_types.load_user(info, self.record.user_id)
        if user is not None:
            return user
        if self.record.group_id is None:
            raise NotFound("user", self.record.user_id or "")
        group = await info.context.loaders.groups.load(self.record.group_id)
        if group is None:
            raise NotFound("group", self.record.group_id)
        return Group.from_record(group)

    @strawberry.field(description="User who gave the access; null if the account was erased.")
    async def granted_by(self, info: Info) -> UserRef | None:
        return await access_types.load_user(info, self.record.granter_id)

    @classmethod
    def from_record(cls, record: records.GrantRecord) -> "CollectionAccess":
        return from_record(cls, record, id=global_ids.COLLECTION_ACCESS.encode(record.id), record=record)


@strawberry.type(description="Numbers of a collection.")
class CollectionStatistics:
    documents: int = strawberry.field(description="Number of documents.")
    ready_documents: int = strawberry.field(description="Number of documents with the status READY.")
    chunks: int = strawberry.field(description="Number of chunks of these documents.")
    bytes: BigInt = strawberry.field(description="Size of the original files in bytes.")
    members: int = strawberry.field(description="Number of users to whom it is assigned, directly or by a group.")
    sessions: int = strawberry.field(description="Number of sessions of all users that draw on the collection.")
    answers_last_30_days: int = strawberry.field(
        name="answersLast30Days", description="Number of answers in these sessions in the last 30 days."
    )
    last_asked_at: datetime | None = strawberry.field(
        description="Time of the latest prompt in these sessions; null if there was none."
    )

    @classmethod
    def from_record(cls, record: records.CollectionStatistics) -> "CollectionStatistics":
        return from_record(cls, record)


@strawberry.type(
    description="Documents with settings of their own, open to the users and groups to whom it is assigned. Sessions that "
    "draw on a collection search its documents and inherit its settings."
)
class Collection(Node):
    record: strawberry.Private[CollectionRecord]
    name: str = strawberry.field(description="Display name, 1 to 300 characters.")
    description: str | None = strawberry.field(description="Description, at most 2,000 characters; null for none.")
    hides_system_prompt: bool = strawberry.field(
        description="True if the system prompt is shown only to those who manage the collection. The model reads it, so "
        "that an answer may still reveal it."
    )
    locked: list[CollectionSetting] = strawberry.field(
        description="Settings that the sessions of the collection cannot change."
    )
    my_level: AccessLevel = strawberry.field(description="Rights of the viewer in the collection.")
    created_at: datetime = strawberry.field(description="Time at which the collection was created.")
    updated_at: datetime = strawberry.field(
        description="Time of the last change of the collection itself, not of its documents and members."
    )

    @strawberry.field(description="Documents of the collection, newest first.")
    async def documents(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[DocumentFilter | None, strawberry.argument(description="Conditions on documents.")] = UNSET,
    ) -> Connection[DocumentRef]:
        conditions = filter.to_record() if filter else DocumentConditions()
        request = paging(first, after, last, before)
        listing = await collections.list_contained_documents(info.context, self.record.id, conditions, request)
        return connect(listing, document_types.Document.from_record)

    @strawberry.field(
        description="Model of the answers (`settings.modelId`); null if it is inherited, or if the model was removed."
    )
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.settings.model_id)
        return None if found is None else Model.from_record(found)

    @strawberry.field(
        description="Instructions in every model input (`settings.systemPrompt`); null if they are inherited, or hidden "
        "from the viewer."
    )
    def system_prompt(self) -> str | None:
        return self._visible_settings().system_prompt

    @strawberry.field(
        description="Settings of the answers in its sessions; null values are inherited. `systemPrompt` is also null if "
        "it is hidden from the viewer."
    )
    def settings(self) -> SessionSettings:
        return SessionSettings.from_record(self._visible_settings())

    def _visible_settings(self) -> settings_records.SessionSettings:
        settings = self.record.settings
        return settings if self.record.is_prompt_visible else replace(settings, system_prompt=None)

    @strawberry.field(
        description="Users and groups to whom the collection is assigned, the earliest first; null for viewers who do not "
        "manage it."
    )
    async def access(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[CollectionAccess] | None:
        request = paging(first, after, last, before)
        listing = await collections.list_grants(info.context, self.record, request)
        return None if listing is None else connect(listing, CollectionAccess.from_record)

    @strawberry.field(description="Numbers of the collection; null for viewers who do not manage it.")
    async def statistics(self, info: Info) -> CollectionStatistics | None:
        found = await collections.read_statistics(info.context, self.record)
        return None if found is None else CollectionStatistics.from_record(found)

    @strawberry.field(
        description="User who created the collection; null if the account was erased, or if the viewer may not see it."
    )
    async def created_by(self, info: Info) -> UserRef | None:
        return await access_types.load_user(info, self.record.creator_id)

    @classmethod
    def from_record(cls, record: CollectionRecord) -> "Collection":
        return from_record(
            cls, record, id=global_ids.COLLECTION.encode(record.id), record=record, my_level=record.level
        )


@strawberry.type(description="A change of a collection, or of the access of the viewer to it.")
class CollectionEvent:
    change: ChangeKind = strawberry.field(
        description="Kind of change. ADDED also reports that the viewer was given access, and REMOVED that the access has "
        "ended."
    )
    collection_id: strawberry.ID | None = strawberry.field(
        description="Id of the collection; null for SNAPSHOT_END only."
    )
    collection: Collection | None = strawberry.field(
        description="State of the collection after the change; null for REMOVED and SNAPSHOT_END."
    )
    source_event: strawberry.Private[Change[CollectionRecord]]

    @classmethod
    def from_change(cls, change: Change[CollectionRecord]) -> "CollectionEvent":
        key = None if change.key is None else CollectionId(int(change.key))
        return cls(
            change=change.kind,
            collection_id=global_ids.COLLECTION.encode_optional(key),
            collection=None if change.record is None else Collection.from_record(change.record),
            source_event=change,
        )
