"""Tables as Tortoise models. `migrations/` adds what models cannot express: the full-text index, triggers, partial indexes.

Columns with JSON are text, converted by `json_columns.py`. Rows do not leave `persistence/`: stores return records. Classes
are described by comments, because Tortoise copies docstrings into the tables. After a change of a model run
`python -m tortoise -c persistence.database.migration.TORTOISE_ORM makemigrations`.
"""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from persistence.database.access_tables import User
from persistence.database.collection_tables import Collection, CollectionDocument


# A user or a collection owns a document. Partial unique indexes allow an owner one document for each `sha256` among those
# that are not in DELETING. `is_shared` is true if a collection contains the document; triggers set it.
class Document(Model):
    id = fields.IntField(primary_key=True)
    owner: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="documents", on_delete=fields.RESTRICT, null=True
    )
    owner_id: int | None
    owning_collection: fields.ForeignKeyNullableRelation[Collection] = fields.ForeignKeyField(
        "graphlore.Collection", related_name="owned_documents", on_delete=fields.RESTRICT, null=True
    )
    owning_collection_id: int | None
    is_shared = fields.BooleanField(default=False)
    name = fields.TextField()
    name_key = fields.TextField()  # comparison key of the name, by which lists are filtered and ordered
    title = fields.TextField(null=True)
    media_type = fields.CharField(max_length=255)
    byte_size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    source = fields.CharField(max_length=16)
    source_uri = fields.TextField(null=True)
    status = fields.CharField(max_length=16)
    progress = fields.FloatField(default=0.0)
    error = fields.TextField(null=True)
    page_count = fields.IntField(null=True)
    character_count = fields.IntField(null=True)
    token_count = fields.IntField(null=True)
    chunk_count = fields.IntField(default=0)
    embedded_chunks = fields.IntField(default=0)
    metadata = fields.TextField(null=True)
    properties = fields.TextField(null=True)
    coverage = fields.TextField(null=True)
    chunking = fields.TextField()
    has_original = fields.BooleanField(default=True)
    parser_version = fields.IntField(default=0)  # 0: not parsed yet
    created_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()
    tags: fields.ReverseRelation["DocumentTag"]
    placements: fields.ReverseRelation[CollectionDocument]

    class Meta:
        table = "documents"
        indexes = [
            ("created_at", "id"), ("name_key", "id"), ("byte_size", "id"), ("status", "id"), ("sha256",), ("owner_id", "id"),
            ("owning_collection_id", "id"),
        ]  # fmt: skip


class DocumentTag(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="tags", on_delete=fields.CASCADE
    )
    tag = fields.TextField()
    tag_key = fields.TextField()  # comparison key of the tag

    class Meta:
        table = "document_tags"
        unique_together = [("document_id", "tag_key")]
        indexes = [("tag_key", "document_id")]


# The extracted text in pieces, so that a part can be read alone. `start` is an offset in code points.
class TextPiece(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="pieces", on_delete=fields.CASCADE
    )
    start = fields.IntField()
    text = fields.TextField()

    class Meta:
        table = "text_pieces"
        unique_together = [("document_id", "start")]


class Heading(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="headings", on_delete=fields.CASCADE
    )
    text = fields.TextField()
    level = fields.IntField()
    start = fields.IntField()
    page = fields.IntField(null=True)

    class Meta:
        table = "headings"
        indexes = [("document_id", "id")]


# `position` counts from 0 in its document. `embedding` is a unit vector of the light embedder in float16, little-endian;
# it is the last column because few queries read it.
class Chunk(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="chunks", on_delete=fields.CASCADE
    )
    document_id: int
    position = fields.IntField()
    text = fields.TextField()
    context = fields.TextField()
    headings = fields.TextField()
    start_offset = fields.IntField()
    end_offset = fields.IntField()
    page_start = fields.IntField(null=True)
    page_end = fields.IntField(null=True)
    token_count = fields.IntField()
    bounding_box = fields.TextField(null=True)
    embedding = fields.BinaryField(null=True)

    class Meta:
        table = "chunks"
        unique_together = [("document_id", "position")]


# A chunk whose vector may have changed. It has no foreign keys, because it remains after the chunk is deleted.
class OutboxEntry(Model):
    id = fields.IntField(primary_key=True)
    chunk_id = fields.IntField()
    document_id = fields.IntField()

    class Meta:
        table = "outbox"
        indexes = [("document_id",)]


# `active_at` is the time of the last message, or of the creation of a session without messages. `head_id` is the last
# message of the conversation.
class Session(Model):
    id = fields.IntField(primary_key=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "graphlore.User", related_name="sessions", on_delete=fields.RESTRICT
    )
    owner_id: int
    name = fields.TextField()
    name_key = fields.TextField()  # comparison key of the name, by which lists are ordered
    settings = fields.TextField()
    model_id = fields.CharField(max_length=64, null=True)
    model_name = fields.TextField(null=True)
    head_id = fields.IntField(null=True)
    message_count = fields.IntField(default=0)
    prompt_tokens = fields.BigIntField(default=0)
    cached_tokens = fields.BigIntField(default=0)
    completion_tokens = fields.BigIntField(default=0)
    reasoning_tokens = fields.BigIntField(default=0)
    archived = fields.BooleanField(default=False)
    created_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()
    last_message_at: datetime | None = fields.DatetimeField(null=True)
    active_at: datetime = fields.DatetimeField()

    class Meta:
        table = "sessions"
        indexes = [("owner_id", "active_at", "id"), ("owner_id", "created_at", "id"), ("owner_id", "name_key", "id")]


# `position` is the position of the document in the order in which documents were attached to the session.
class SessionDocument(Model):
    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "graphlore.Session", related_name="attachments", on_delete=fields.CASCADE
    )
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="attachments", on_delete=fields.CASCADE
    )
    position = fields.IntField()

    class Meta:
        table = "session_documents"
        unique_together = [("session_id", "document_id")]
        indexes = [("document_id", "session_id")]


# Messages form a tree. A partial unique index allows a prompt one unfinished answer.
class Message(Model):
    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "graphlore.Session", related_name="messages", on_delete=fields.CASCADE
    )
    session_id: int
    parent: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "graphlore.Message", related_name="children", on_delete=fields.SET_NULL, null=True
    )
    parent_id: int | None
    role = fields.CharField(max_length=16)
    content = fields.TextField()
    reasoning = fields.TextField(null=True)
    status = fields.CharField(max_length=16)
    error = fields.TextField(null=True)
    model_id = fields.CharField(max_length=64, null=True)
    model_name = fields.TextField(null=True)
    thinking_mode = fields.CharField(max_length=16, null=True)
    generation = fields.TextField(null=True)
    time_to_first_token_ms = fields.FloatField(null=True)  # as in `generation`, for statistics
    rating = fields.CharField(max_length=8, null=True)
    idempotency_key = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField()
    completed_at: datetime | None = fields.DatetimeField(null=True)
    citations: fields.ReverseRelation["Citation"]

    class Meta:
        table = "messages"
        unique_together = [("session_id", "idempotency_key")]
        indexes = [("session_id", "id"), ("parent_id",)]


# A citation keeps its quote and the name of the document. Its links become null when the document or chunk is deleted.
class Citation(Model):
    id = fields.IntField(primary_key=True)
    message: fields.ForeignKeyRelation[Message] = fields.ForeignKeyField(
        "graphlore.Message", related_name="citations", on_delete=fields.CASCADE
    )
    message_id: int
    marker = fields.IntField()
    document: fields.ForeignKeyNullableRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="citations", on_delete=fields.SET_NULL, null=True
    )
    document_id: int | None
    chunk: fields.ForeignKeyNullableRelation[Chunk] = fields.ForeignKeyField(
        "graphlore.Chunk", related_name="citations", on_delete=fields.SET_NULL, null=True
    )
    chunk_id: int | None
    document_name = fields.TextField()
    quote = fields.TextField()
    page = fields.IntField(null=True)
    score = fields.FloatField()
    used = fields.BooleanField()
    start_offset = fields.IntField(null=True)
    end_offset = fields.IntField(null=True)
    bounding_box = fields.TextField(null=True)

    class Meta:
        table = "citations"
        indexes = [("message_id", "id"), ("document_id",), ("chunk_id", "message_id")]


# Settings of one model. `load` and `sampling` are null for a model that was only chosen as the default.
class ModelSettings(Model):
    model_id = fields.CharField(max_length=64, primary_key=True)
    load = fields.TextField(null=True)
    sampling = fields.TextField(null=True)
    is_default = fields.BooleanField(default=False)

    class Meta:
        table = "model_settings"
