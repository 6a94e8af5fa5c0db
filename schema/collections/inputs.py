"""Inputs of the mutations of collections and groups."""

from typing import Any

import strawberry
from strawberry import UNSET

from records.access import AccessLevel, CollectionSetting, LeftDocuments, Principals
from records.ids import GroupId, UserId
from schema.common import global_ids
from schema.common.global_ids import UnknownId
from schema.common.mapping import provided_fields
from schema.sessions.inputs import SessionSettingsInput

NAME = "Display name: one line of 1 to 300 characters."
DESCRIPTION = "Description, at most 2,000 characters; null removes it."
MODEL = "Model of the answers: another way to set `settings.modelId`, before which it has precedence; null inherits it."
PROMPT = (
    "Instructions in every model input, at most 20,000 characters: another way to set `settings.systemPrompt`, before which "
    "it has precedence; null inherits them."
)
HIDES = "True if only those who manage the collection are shown the system prompt."
LOCKED = "All settings that the sessions of the collection cannot change."


@strawberry.input(description="Input of `createCollection`.")
class CreateCollectionInput:
    name: str = strawberry.field(description=NAME)
    description: str | None = strawberry.field(default=UNSET, description=DESCRIPTION)
    model_id: strawberry.ID | None = strawberry.field(default=UNSET, description=MODEL)
    system_prompt: str | None = strawberry.field(default=UNSET, description=PROMPT)
    hides_system_prompt: bool | None = strawberry.field(default=UNSET, description=f"{HIDES} False by default.")
    settings: SessionSettingsInput | None = strawberry.field(
        default=UNSET, description="Settings of the answers; all are inherited by default."
    )
    locked: list[CollectionSetting] | None = strawberry.field(default=UNSET, description=f"{LOCKED} None by default.")


@strawberry.input(description="Input of `updateCollection`. Omitted fields keep their value.")
class UpdateCollectionInput:
    id: strawberry.ID = strawberry.field(description="Id of the collection.")
    name: str | None = strawberry.field(default=UNSET, description=f"{NAME} Not null.")
    description: str | None = strawberry.field(default=UNSET, description=DESCRIPTION)
    model_id: strawberry.ID | None = strawberry.field(default=UNSET, description=MODEL)
    system_prompt: str | None = strawberry.field(default=UNSET, description=PROMPT)
    hides_system_prompt: bool | None = strawberry.field(default=UNSET, description=f"{HIDES} Not null.")
    settings: SessionSettingsInput | None = strawberry.field(
        default=UNSET, description="Changes of the settings of the answers, not null."
    )
    locked: list[CollectionSetting] | None = strawberry.field(default=UNSET, description=f"{LOCKED} Not null.")


@strawberry.input(description="Input of `deleteCollection`.")
class DeleteCollectionInput:
    id: strawberry.ID = strawberry.field(description="Id of the collection.")
    documents: LeftDocuments = strawberry.field(
        default=LeftDocuments.KEEP, description="Treatment of the documents that the collection owns."
    )


@strawberry.input(description="Documents that are added to a collection or removed from it.")
class CollectionDocumentsInput:
    collection_id: strawberry.ID = strawberry.field(description="Id of the collection.")
    document_ids: list[strawberry.ID] = strawberry.field(description="Ids of at most 1,000 documents.")


@strawberry.input(description="Input of `grantAccess`.")
class GrantAccessInput:
    collection_id: strawberry.ID = strawberry.field(description="Id of the collection.")
    principal_ids: list[strawberry.ID] = strawberry.field(description="Ids of at most 1,000 users and groups.")
    level: AccessLevel = strawberry.field(description="Their rights. The level replaces an earlier one.")


@strawberry.input(description="Input of `revokeAccess`.")
class RevokeAccessInput:
    collection_id: strawberry.ID = strawberry.field(description="Id of the collection.")
    principal_ids: list[strawberry.ID] = strawberry.field(description="Ids of at most 1,000 users and groups.")


@strawberry.input(description="Input of `createGroup`.")
class CreateGroupInput:
    name: str = strawberry.field(description=NAME)
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of at most 1,000 users; none by default."
    )


@strawberry.input(description="Input of `updateGroup`. Omitted fields keep their value; no field may be null.")
class UpdateGroupInput:
    id: strawberry.ID = strawberry.field(description="Id of the group.")
    name: str | None = strawberry.field(default=UNSET, description=NAME)
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of all members, at most 1,000; other users leave the group."
    )


@strawberry.input(description="Input of `deleteGroup`.")
class DeleteGroupInput:
    id: strawberry.ID = strawberry.field(description="Id of the group.")


def collection_changes(input: CreateCollectionInput | UpdateCollectionInput) -> dict[str, Any]:
    """Return the provided fields with global ids replaced by keys. Raises `NotFound` for an invalid global id."""
    changes = provided_fields(input)
    changes.pop("id", None)
    if changes.get("model_id") is not None:
        changes["model_id"] = global_ids.MODEL.get_key(changes["model_id"], "model_id")
    settings = changes.get("settings")
    if settings and settings.get("model_id") is not None:
        settings["model_id"] = global_ids.MODEL.get_key(settings["model_id"], "settings.model_id")
    return changes


def get_principals(ids: list[strawberry.ID]) -> Principals:
    """Return the users and groups with these global ids. Raises `NotFound` for any other id."""
    users, groups = dict[UserId, None](), dict[GroupId, None]()
    for index, each in enumerate(ids):
        user_id, group_id = global_ids.USER.find_key(each), global_ids.GROUP.find_key(each)
        if user_id is not None:
            users[user_id] = None
        elif group_id is not None:
            groups[group_id] = None
        else:
            raise UnknownId("user", each, field=f"principal_ids.{index}")
    return Principals(tuple(users), tuple(groups))
