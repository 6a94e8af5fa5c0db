from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("graphlore", "0001_initial")]
    atomic = False
    operations = [ops.RunSQL("CREATE TABLE notes (id INTEGER);\nCREATE TABLE more_notes (id INTEGER);")]
