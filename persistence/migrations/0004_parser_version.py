"""Which version of the parser read a document, and the tables of what a newer one reads while the old is still searched."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class AddNumber(ops.AddField):
    """A number that is 0 in rows that are there already. Tortoise writes no default, and undoes a field by making the table
    anew, without the index over a part of its rows."""

    async def database_forward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        await _change(state_editor, f"ADD COLUMN {self.name} INT NOT NULL DEFAULT 0")

    async def database_backward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        await _change(state_editor, f"DROP COLUMN {self.name}")


async def _change(state_editor: Any, change: str) -> None:
    """Without an editor, only the models' state is wanted."""
    if state_editor is not None:
        await state_editor.client.execute_query(f"ALTER TABLE documents {change}")


class Migration(migrations.Migration):
    dependencies = [("graphlore", "0003_deep_vectors")]

    initial = False

    operations = [
        AddNumber(model_name="Document", name="parser_version", field=fields.IntField(default=0)),
        ops.CreateModel(
            name="StagedChunk",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "document",
                    fields.ForeignKeyField(
                        "graphlore.Document",
                        source_field="document_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="staged_chunks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.IntField()),
                ("text", fields.TextField(unique=False)),
                ("context", fields.TextField(unique=False)),
                ("bigrams", fields.TextField(unique=False)),
                ("headings", fields.TextField(unique=False)),
                ("start_offset", fields.IntField()),
                ("end_offset", fields.IntField()),
                ("page_start", fields.IntField(null=True)),
                ("page_end", fields.IntField(null=True)),
                ("token_count", fields.IntField()),
                ("bounding_box", fields.TextField(null=True, unique=False)),
                ("digest", fields.CharField(max_length=32)),
                ("chunk_id", fields.IntField(null=True)),
                ("embedding", fields.BinaryField(null=True)),
            ],
            options={
                "table": "staged_chunks",
                "app": "graphlore",
                "unique_together": [("document_id", "position")],
                "indexes": [Index(fields=["document_id", "digest"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StagedPiece",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "document",
                    fields.ForeignKeyField(
                        "graphlore.Document",
                        source_field="document_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="staged_pieces",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("start", fields.IntField()),
                ("text", fields.TextField(unique=False)),
            ],
            options={
                "table": "staged_pieces",
                "app": "graphlore",
                "unique_together": [("document_id", "start")],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
