"""Tables of embedders and of the deep embedder's vectors, as Tortoise models. `tables.py` describes rules for all tables."""

from tortoise import fields
from tortoise.models import Model

from persistence.database.tables import Chunk, Document


# An embedding model that computed stored vectors. At most one of each role (LIGHT, DEEP) is current.
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


# `embedding` is a unit vector of a deep embedder in float16, little-endian. It is deleted with its chunk.
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


# Number of a document's chunks that have a vector of the current deep embedder.
class DeepProgress(Model):
    id = fields.IntField(primary_key=True)
    document: fields.OneToOneRelation[Document] = fields.OneToOneField(
        "graphlore.Document", related_name="deep_progress", on_delete=fields.CASCADE
    )
    embedded_chunks = fields.IntField()

    class Meta:
        table = "deep_progress"


# The outbox of the deep embedder's vectors, which have an index of their own.
class DeepOutboxEntry(Model):
    id = fields.IntField(primary_key=True)
    chunk_id = fields.IntField()
    document_id = fields.IntField()

    class Meta:
        table = "deep_outbox"
        indexes = [("document_id",)]
