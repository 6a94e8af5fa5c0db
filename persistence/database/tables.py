"""The tables, as Tortoise models. Tables of words and their triggers stand in `migrations/`, since no model can say them.

Columns that hold JSON are plain text, read and written by `packing`. Rows never leave this room: stores make records of
them. What a class is about stands in comments, because Tortoise copies docstrings into the tables. After a change here:
`python -m tortoise -c persistence.database.migrating.TORTOISE_ORM makemigrations`.
"""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model


# A partial unique index keeps one document per `sha256` among those that are not being deleted.
class Document(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    folded_name = fields.TextField()  # casefolded: what lists are ordered and filtered by
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
    parser_version = fields.IntField(default=0)  # 0: not read yet, or by a version that did not say
    created_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()
    tags: fields.ReverseRelation["DocumentTag"]

    class Meta:
        table = "documents"
        indexes = [("created_at", "id"), ("folded_name", "id"), ("byte_size", "id"), ("status", "id"), ("sha256",)]


class DocumentTag(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="tags", on_delete=fields.CASCADE
    )
    tag = fields.TextField()

    class Meta:
        table = "document_tags"
        unique_together = [("document_id", "tag")]
        indexes = [("tag", "document_id")]


# Extracted text in pieces, so that a part can be read without the whole. `start` counts code points.
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


# `position` counts from 0 in its document; `bigrams` are what is found of scripts that write no spaces.
#
# `embedding` holds float16 little-endian of unit length, and is the last column because few queries read it.
class Chunk(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="chunks", on_delete=fields.CASCADE
    )
    document_id: int
    position = fields.IntField()
    text = fields.TextField()
    context = fields.TextField()
    bigrams = fields.TextField()
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


# A chunk whose vector may have changed; without foreign keys, since it outlives what it names.
class OutboxEntry(Model):
    id = fields.IntField(primary_key=True)
    chunk_id = fields.IntField()
    document_id = fields.IntField()

    class Meta:
        table = "outbox"
        indexes = [("document_id",)]


# `active_at` is when the last message was sent, or the session's creation where there is none.
class Session(Model):
    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    folded_name = fields.TextField()
    bigrams = fields.TextField()
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
        indexes = [("active_at", "id"), ("created_at", "id"), ("folded_name", "id")]


# `position` is the place in the order that the documents were attached in.
class SessionDocument(Model):
    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "graphlore.Session", related_name="places", on_delete=fields.CASCADE
    )
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="places", on_delete=fields.CASCADE
    )
    position = fields.IntField()

    class Meta:
        table = "session_documents"
        unique_together = [("session_id", "document_id")]
        indexes = [("document_id", "session_id")]


# A partial unique index allows a session one unfinished answer.
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
    bigrams = fields.TextField(default="")
    reasoning = fields.TextField(null=True)
    status = fields.CharField(max_length=16)
    error = fields.TextField(null=True)
    model_id = fields.CharField(max_length=64, null=True)
    model_name = fields.TextField(null=True)
    thinking_mode = fields.CharField(max_length=16, null=True)
    generation = fields.TextField(null=True)
    rating = fields.CharField(max_length=8, null=True)
    idempotency_key = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField()
    completed_at: datetime | None = fields.DatetimeField(null=True)
    citations: fields.ReverseRelation["Citation"]

    class Meta:
        table = "messages"
        unique_together = [("session_id", "idempotency_key")]
        indexes = [("session_id", "id"), ("parent_id",)]


# Keeps the quote and the document's name; the links become null with what they point to.
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


# What was asked of one model; `load` and `sampling` are null while only the default was chosen.
class ModelSettings(Model):
    model_id = fields.CharField(max_length=64, primary_key=True)
    load = fields.TextField(null=True)
    sampling = fields.TextField(null=True)
    is_default = fields.BooleanField(default=False)

    class Meta:
        table = "model_settings"
