"""Changes of documents, sessions and models, as the event streams tell them.

`told` is the change itself, one for all who watch: the transport makes once what many of them are sent.
"""

import strawberry

from records.document import DocumentRecord
from records.events import Change, ChangeKind
from records.ids import DocumentId, ModelId, SessionId
from records.model import ModelRecord
from records.session import SessionRecord
from schema import ids
from schema.document import Document
from schema.enums import describe
from schema.model import Model
from schema.session import Session

describe(
    ChangeKind,
    "What an event tells.",
    SNAPSHOT="How something is as the stream begins.",
    SNAPSHOT_END="The snapshot is whole; what follows is live.",
    ADDED="Something is new.",
    UPDATED="Something has changed.",
    REMOVED="Something is gone.",
)


@strawberry.type(description="A document's change.")
class DocumentEvent:
    change: ChangeKind = strawberry.field(description="What it tells.")
    document_id: strawberry.ID | None = strawberry.field(description="The document; null for SNAPSHOT_END.")
    document: Document | None = strawberry.field(description="How it is now; null where it is gone.")
    told: strawberry.Private[Change[DocumentRecord]]

    @classmethod
    def of(cls, change: Change[DocumentRecord]) -> "DocumentEvent":
        key = None if change.key is None else DocumentId(int(change.key))
        document = None if change.noun is None else Document.of(change.noun)
        return cls(change=change.kind, document_id=ids.DOCUMENT.maybe(key), document=document, told=change)


@strawberry.type(description="A session's change.")
class SessionEvent:
    change: ChangeKind = strawberry.field(description="What it tells.")
    session_id: strawberry.ID | None = strawberry.field(description="The session; null for SNAPSHOT_END.")
    session: Session | None = strawberry.field(description="How it is now; null where it is gone.")
    told: strawberry.Private[Change[SessionRecord]]

    @classmethod
    def of(cls, change: Change[SessionRecord]) -> "SessionEvent":
        key = None if change.key is None else SessionId(int(change.key))
        session = None if change.noun is None else Session.of(change.noun)
        return cls(change=change.kind, session_id=ids.SESSION.maybe(key), session=session, told=change)


@strawberry.type(description="A model's change.")
class ModelEvent:
    change: ChangeKind = strawberry.field(description="What it tells.")
    model_id: strawberry.ID | None = strawberry.field(description="The model; null for SNAPSHOT_END.")
    model: Model | None = strawberry.field(description="How it is now; null where it is gone.")
    told: strawberry.Private[Change[ModelRecord]]

    @classmethod
    def of(cls, change: Change[ModelRecord]) -> "ModelEvent":
        key = None if change.key is None else ModelId(str(change.key))
        model = None if change.noun is None else Model.of(change.noun)
        return cls(change=change.kind, model_id=ids.MODEL.maybe(key), model=model, told=change)
