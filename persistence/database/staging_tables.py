"""Tables of documents that are parsed again while their present text is searched, as Tortoise models.

`tables.py` describes rules for all tables. These have rows only while a document is parsed again.
"""

from tortoise import fields
from tortoise.models import Model

from persistence.database.tables import Document


# A chunk as in `chunks`, without a full-text index. Chunks with the same `digest` have the same context and text.
# `chunk_id` is the id of an equal chunk in `chunks`, which stays; a staged chunk with such an id needs no embedding.
class StagedChunk(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="staged_chunks", on_delete=fields.CASCADE
    )
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
    digest = fields.CharField(max_length=32)
    chunk_id = fields.IntField(null=True)
    embedding = fields.BinaryField(null=True)

    class Meta:
        table = "staged_chunks"
        unique_together = [("document_id", "position")]
        indexes = [("document_id", "digest")]


# A piece of text as in `text_pieces`.
class StagedPiece(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="staged_pieces", on_delete=fields.CASCADE
    )
    start = fields.IntField()
    text = fields.TextField()

    class Meta:
        table = "staged_pieces"
        unique_together = [("document_id", "start")]
