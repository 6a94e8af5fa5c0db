"""The tables of vectors by a deep embedder, and of the embedders that vectors were made with."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("graphlore", "0002_words")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeepDocument",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "document",
                    fields.OneToOneField(
                        "graphlore.Document",
                        source_field="document_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deep",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("chunks", fields.IntField()),
            ],
            options={"table": "deep_documents", "app": "graphlore", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeepOutboxEntry",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("chunk_id", fields.IntField()),
                ("document_id", fields.IntField()),
            ],
            options={
                "table": "deep_outbox",
                "app": "graphlore",
                "indexes": [Index(fields=["document_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Embedder",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("role", fields.CharField(max_length=8)),
                ("name", fields.TextField(unique=False)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("dimensions", fields.IntField()),
                ("is_current", fields.BooleanField(default=False)),
            ],
            options={
                "table": "embedders",
                "app": "graphlore",
                "unique_together": [("role", "name", "fingerprint", "dimensions")],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeepEmbedding",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "embedder",
                    fields.ForeignKeyField(
                        "graphlore.Embedder",
                        source_field="embedder_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="embeddings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "chunk",
                    fields.ForeignKeyField(
                        "graphlore.Chunk",
                        source_field="chunk_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deep_embeddings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("embedding", fields.BinaryField()),
            ],
            options={
                "table": "deep_embeddings",
                "app": "graphlore",
                "unique_together": [("embedder_id", "chunk_id")],
                "indexes": [Index(fields=["chunk_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
