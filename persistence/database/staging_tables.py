"""The tables of what is read anew of documents that can be searched meanwhile, as Tortoise models.

Like those of `models`, which is where to read how they are kept. Rows are there only while a document is read again.
"""

from tortoise import fields
from tortoise.models import Model

from persistence.database.tables import Document


# As `chunks`, without an index of words. `digest` tells chunks with the same words apart from others; `chunk_id` names
# the document's present chunk that stays, where one says the same.
class StagedChunk(Model):
    id = fields.IntField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField(
        "graphlore.Document", related_name="staged_chunks", on_delete=fields.CASCADE
    )
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
    digest = fields.CharField(max_length=32)
    chunk_id = fields.IntField(null=True)
    embedding = fields.BinaryField(null=True)

    class Meta:
        table = "staged_chunks"
        unique_together = [("document_id", "position")]
        indexes = [("document_id", "digest")]


# As `text_pieces`.
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
