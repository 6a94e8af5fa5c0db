"""The tables of the deep embedder's vectors, and of which embedders made the vectors, as Tortoise models.

Like those of `models`, which is where to read how they are kept.
"""

from tortoise import fields
from tortoise.models import Model

from persistence.database.tables import Chunk, Document


# An embedding model that vectors were made with; at most one of each role (LIGHT, DEEP) is the present one.
class Embedder(Model):
    id = fields.IntField(primary_key=True)
    role = fields.CharField(max_length=8)
    name = fields.TextField()
    fingerprint = fields.CharField(max_length=64)
    dimensions = fields.IntField()
    is_current = fields.BooleanField(default=False)

    class Meta:
        table = "embedders"
        unique_together = [("role", "name", "fingerprint", "dimensions")]


# `embedding` holds float16 little-endian of unit length, made by a deep embedder. It goes with its chunk.
class DeepEmbedding(Model):
    id = fields.IntField(primary_key=True)
    embedder: fields.ForeignKeyRelation[Embedder] = fields.ForeignKeyField(
        "graphlore.Embedder", related_name="embeddings", on_delete=fields.CASCADE
    )
    chunk: fields.ForeignKeyRelation[Chunk] = fields.ForeignKeyField(
        "graphlore.Chunk", related_name="deep_embeddings", on_delete=fields.CASCADE
    )
    embedding = fields.BinaryField()

    class Meta:
        table = "deep_embeddings"
        unique_together = [("embedder_id", "chunk_id")]
        indexes = [("chunk_id",)]


# How many of a document's chunks have a vector of the present deep embedder.
class DeepDocument(Model):
    id = fields.IntField(primary_key=True)
    document: fields.OneToOneRelation[Document] = fields.OneToOneField(
        "graphlore.Document", related_name="deep", on_delete=fields.CASCADE
    )
    chunks = fields.IntField()

    class Meta:
        table = "deep_documents"


# As `outbox`, for the vectors of the deep embedder, which have an index of their own.
class DeepOutboxEntry(Model):
    id = fields.IntField(primary_key=True)
    chunk_id = fields.IntField()
    document_id = fields.IntField()

    class Meta:
        table = "deep_outbox"
        indexes = [("document_id",)]
