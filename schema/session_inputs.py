"""What sessions are filtered and ordered by, and what their mutations take."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from records import filters
from records.ids import DocumentId
from records.session import DocumentScope, ThinkingMode
from schema import ids
from schema.document_inputs import OrderDirection
from schema.enums import describe
from schema.mapping import given, or_none
from schema.sampling import SamplingInput

NO_DOCUMENT = DocumentId(0)
"""For an id that names no document: it is attached nowhere."""


class SessionOrderField(Enum):
    LAST_MESSAGE_AT = "LAST_MESSAGE_AT"
    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    RELEVANCE = "RELEVANCE"


describe(
    SessionOrderField,
    "What sessions are ordered by.",
    LAST_MESSAGE_AT="By when their last prompt was answered.",
    CREATED_AT="By when they were begun.",
    NAME="By their names.",
    RELEVANCE="By how well they fit the query; by their last answers where there is none.",
)


@strawberry.input(description="Sessions that fit everything that is given.")
class SessionFilter:
    query: str | None = strawberry.field(default=UNSET, description="Words of their names and messages.")
    document_id: strawberry.ID | None = strawberry.field(default=UNSET, description="With this document attached.")
    model_name: str | None = strawberry.field(default=UNSET, description="Answered last by the model of this name.")
    archived: bool | None = strawberry.field(default=UNSET, description="Put away, or not.")
    updated_after: datetime | None = strawberry.field(default=UNSET, description="Changed after this moment.")
    updated_before: datetime | None = strawberry.field(default=UNSET, description="Changed before this moment.")

    def record(self) -> filters.SessionFilter:
        document = or_none(self.document_id)
        return filters.SessionFilter(
            query=or_none(self.query) or None,
            document_id=None if document is None else ids.DOCUMENT.find(document) or NO_DOCUMENT,
            model_name=or_none(self.model_name),
            archived=or_none(self.archived),
            updated_after=or_none(self.updated_after),
            updated_before=or_none(self.updated_before),
        )


@strawberry.input(description="How sessions are ordered.")
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(description="Which way the list runs.")

    def record(self) -> filters.Order:
        return filters.Order(self.field.value, self.direction is OrderDirection.DESC)


@strawberry.input(description="What answers are made with; what is left out stays, null is inherited again.")
class SessionSettingsInput:
    model_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The model that answers.")
    system_prompt: str | None = strawberry.field(
        default=UNSET, description="Instructions that stand in front of every prompt."
    )
    thinking_mode: ThinkingMode | None = strawberry.field(default=UNSET, description="How answers come about.")
    document_scope: DocumentScope | None = strawberry.field(default=UNSET, description="Which documents are searched.")
    top_k: int | None = strawberry.field(default=UNSET, description="How many passages an answer is given, 1 to 100.")
    min_similarity: float | None = strawberry.field(
        default=UNSET, description="Cosine similarity below which passages found by meaning are dropped, 0 to 1."
    )
    rerank: bool | None = strawberry.field(default=UNSET, description="Whether the best candidates are reordered.")
    history_pairs: int | None = strawberry.field(
        default=UNSET, description="Pairs of prompt and answer that are given back word for word."
    )
    sampling: SamplingInput | None = strawberry.field(default=UNSET, description="How the model draws its tokens.")


@strawberry.input(description="A session to begin.")
class CreateSessionInput:
    name: str | None = strawberry.field(default=UNSET, description="What to call it; its date and time otherwise.")
    document_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="Documents to attach.")
    settings: SessionSettingsInput | None = strawberry.field(
        default=UNSET, description="What its answers are made with."
    )


@strawberry.input(description="What to change of a session; what is left out stays.")
class UpdateSessionInput:
    id: strawberry.ID = strawberry.field(description="The session.")
    name: str | None = strawberry.field(default=UNSET, description="What to call it.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="All the documents that are to be attached."
    )
    archived: bool | None = strawberry.field(default=UNSET, description="Whether to put it away.")
    settings: SessionSettingsInput | None = strawberry.field(
        default=UNSET, description="What its answers are made with."
    )


@strawberry.input(description="A session to erase.")
class DeleteSessionInput:
    id: strawberry.ID = strawberry.field(description="The session.")


def session_changes(input: CreateSessionInput | UpdateSessionInput) -> dict[str, Any]:
    """What was given, ids read. Raises `NotFound` for one that is not ours."""
    changes = given(input)
    changes.pop("id", None)
    if changes.get("document_ids") is not None:
        changes["document_ids"] = ids.DOCUMENT.get_all(changes["document_ids"], "document_ids")
    settings = changes.get("settings")
    if settings and settings.get("model_id") is not None:
        settings["model_id"] = ids.MODEL.get(settings["model_id"], "settings.model_id")
    return changes
