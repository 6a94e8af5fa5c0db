"""Tables of groups and collections, as Tortoise models. `tables.py` describes rules for all tables.

The view `user_collections` (`initial_sql.py`) has the access of users, directly and by their groups.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from persistence.database.access_tables import Invitation, User

if TYPE_CHECKING:
    from persistence.database.tables import Document, Session


class Group(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    name_key = fields.CharField(max_length=1200, unique=True)  # comparison key of the name
    created_at: datetime = fields.DatetimeField()

    class Meta:
        table = "groups"


class GroupMember(Model):
    id = fields.IntField(primary_key=True)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField(
        "graphlore.Group", related_name="members", on_delete=fields.CASCADE
    )
    group_id: int
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="memberships", on_delete=fields.CASCADE
    )
    user_id: int

    class Meta:
        table = "group_members"
        unique_together = [("group_id", "user_id")]
        indexes = [("user_id", "group_id")]


# A group that a person joins by signing up with an invitation.
class InvitationGroup(Model):
    id = fields.IntField(primary_key=True)
    invitation: fields.ForeignKeyRelation[Invitation] = fields.ForeignKeyField(
        "graphlore.Invitation", related_name="groups", on_delete=fields.CASCADE
    )
    invitation_id: int
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField(
        "graphlore.Group", related_name="invitations", on_delete=fields.CASCADE
    )
    group_id: int

    class Meta:
        table = "invitation_groups"
        unique_together = [("invitation_id", "group_id")]
        indexes = [("group_id",)]


class Collection(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    name_key = fields.TextField()  # comparison key of the name, by which lists are ordered
    description = fields.TextField(null=True)
    settings = fields.TextField()
    hides_system_prompt = fields.BooleanField(default=False)
    locked = fields.TextField()
    creator: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="created_collections", on_delete=fields.SET_NULL, null=True
    )
    creator_id: int | None
    created_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()

    class Meta:
        table = "collections"
        indexes = [("name_key", "id")]


# The access of a user or of a group to a collection. `rank` is the rank of the level.
class CollectionGrant(Model):
    id = fields.IntField(primary_key=True)
    collection: fields.ForeignKeyRelation[Collection] = fields.ForeignKeyField(
        "graphlore.Collection", related_name="grants", on_delete=fields.CASCADE
    )
    collection_id: int
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="grants", on_delete=fields.CASCADE, null=True
    )
    user_id: int | None
    group: fields.ForeignKeyNullableRelation[Group] = fields.ForeignKeyField(
        "graphlore.Group", related_name="grants", on_delete=fields.CASCADE, null=True
    )
    group_id: int | None
    rank = fields.SmallIntField()
    granter: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="given_grants", on_delete=fields.SET_NULL, null=True
    )
    granter_id: int | None
    granted_at: datetime = fields.DatetimeField()

    class Meta:
        table = "collection_grants"
        unique_together = [("collection_id", "user_id"), ("collection_id", "group_id")]
        indexes = [("user_id", "collection_id"), ("group_id", "collection_id")]


# A document that a collection contains. Triggers set `documents.is_shared`.
class CollectionDocument(Model):
    id = fields.IntField(primary_key=True)
    collection: fields.ForeignKeyRelation[Collection] = fields.ForeignKeyField(
        "graphlore.Collection", related_name="contents", on_delete=fields.CASCADE
    )
    collection_id: int
    document: fields.ForeignKeyRelation["Document"] = fields.ForeignKeyField(
        "graphlore.Document", related_name="placements", on_delete=fields.CASCADE
    )
    document_id: int

    class Meta:
        table = "collection_documents"
        unique_together = [("collection_id", "document_id")]
        indexes = [("document_id", "collection_id")]


# `position` is the position of the collection in the order in which collections were chosen for the session.
class SessionCollection(Model):
    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation["Session"] = fields.ForeignKeyField(
        "graphlore.Session", related_name="chosen_collections", on_delete=fields.CASCADE
    )
    session_id: int
    collection: fields.ForeignKeyRelation[Collection] = fields.ForeignKeyField(
        "graphlore.Collection", related_name="sessions", on_delete=fields.CASCADE
    )
    collection_id: int
    position = fields.IntField()

    class Meta:
        table = "session_collections"
        unique_together = [("session_id", "collection_id")]
        indexes = [("collection_id", "session_id")]
