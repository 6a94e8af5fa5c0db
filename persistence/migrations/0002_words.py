"""Full-text tables, which follow by triggers, and the indexes over a part of a table's rows.

The words' tables keep no text of their own: they read it from views, and are told the old text when it goes. Not atomic
for Tortoise, which would cut triggers at their semicolons; `migrating` wraps all migrations in one transaction.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHUNKS = """
CREATE VIEW chunk_contents AS SELECT id, text, context, bigrams, 'd' || document_id AS doc FROM chunks;

CREATE VIRTUAL TABLE chunk_words USING fts5(
    text, context, bigrams, doc, content='chunk_contents', content_rowid='id', tokenize='porter unicode61'
);

CREATE TRIGGER chunk_words_insert AFTER INSERT ON chunks BEGIN
    INSERT INTO chunk_words (rowid, text, context, bigrams, doc)
    VALUES (new.id, new.text, new.context, new.bigrams, 'd' || new.document_id);
END;

CREATE TRIGGER chunk_words_delete AFTER DELETE ON chunks BEGIN
    INSERT INTO chunk_words (chunk_words, rowid, text, context, bigrams, doc)
    VALUES ('delete', old.id, old.text, old.context, old.bigrams, 'd' || old.document_id);
END;

CREATE TRIGGER chunk_words_update AFTER UPDATE OF document_id, text, context, bigrams ON chunks BEGIN
    INSERT INTO chunk_words (chunk_words, rowid, text, context, bigrams, doc)
    VALUES ('delete', old.id, old.text, old.context, old.bigrams, 'd' || old.document_id);
    INSERT INTO chunk_words (rowid, text, context, bigrams, doc)
    VALUES (new.id, new.text, new.context, new.bigrams, 'd' || new.document_id);
END;
"""

SESSIONS = """
CREATE VIRTUAL TABLE session_words USING fts5(
    name, bigrams, content='sessions', content_rowid='id', tokenize='porter unicode61'
);

CREATE TRIGGER session_words_insert AFTER INSERT ON sessions BEGIN
    INSERT INTO session_words (rowid, name, bigrams) VALUES (new.id, new.name, new.bigrams);
END;

CREATE TRIGGER session_words_delete AFTER DELETE ON sessions BEGIN
    INSERT INTO session_words (session_words, rowid, name, bigrams) VALUES ('delete', old.id, old.name, old.bigrams);
END;

CREATE TRIGGER session_words_update AFTER UPDATE OF name, bigrams ON sessions BEGIN
    INSERT INTO session_words (session_words, rowid, name, bigrams) VALUES ('delete', old.id, old.name, old.bigrams);
    INSERT INTO session_words (rowid, name, bigrams) VALUES (new.id, new.name, new.bigrams);
END;
"""

# An answer is stored anew many times while it is made: its words are taken once it has ended.
MESSAGES = """
CREATE VIEW message_contents AS
SELECT id, content, bigrams FROM messages WHERE status IN ('COMPLETED', 'CANCELED', 'FAILED');

CREATE VIRTUAL TABLE message_words USING fts5(
    content, bigrams, content='message_contents', content_rowid='id', tokenize='porter unicode61'
);

CREATE TRIGGER message_words_insert AFTER INSERT ON messages
WHEN new.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO message_words (rowid, content, bigrams) VALUES (new.id, new.content, new.bigrams);
END;

CREATE TRIGGER message_words_delete AFTER DELETE ON messages
WHEN old.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO message_words (message_words, rowid, content, bigrams)
    VALUES ('delete', old.id, old.content, old.bigrams);
END;

CREATE TRIGGER message_words_leave AFTER UPDATE OF status, content, bigrams ON messages
WHEN old.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO message_words (message_words, rowid, content, bigrams)
    VALUES ('delete', old.id, old.content, old.bigrams);
END;

CREATE TRIGGER message_words_enter AFTER UPDATE OF status, content, bigrams ON messages
WHEN new.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO message_words (rowid, content, bigrams) VALUES (new.id, new.content, new.bigrams);
END;
"""

# What was stored before there were words is found too; else its deletion would break the index.
REBUILD = """
INSERT INTO chunk_words (chunk_words) VALUES ('rebuild');
INSERT INTO session_words (session_words) VALUES ('rebuild');
INSERT INTO message_words (message_words) VALUES ('rebuild');
"""

PARTIAL_INDEXES = """
CREATE UNIQUE INDEX documents_one_per_sha256 ON documents (sha256) WHERE status <> 'DELETING';

CREATE INDEX chunks_unembedded ON chunks (document_id, position) WHERE embedding IS NULL;

CREATE UNIQUE INDEX messages_one_unfinished ON messages (session_id)
WHERE status IN ('PENDING', 'RETRIEVING', 'THINKING', 'GENERATING');

CREATE UNIQUE INDEX model_settings_one_default ON model_settings (is_default) WHERE is_default;
"""

DROP = """
DROP INDEX model_settings_one_default;
DROP INDEX messages_one_unfinished;
DROP INDEX chunks_unembedded;
DROP INDEX documents_one_per_sha256;
DROP TRIGGER message_words_enter;
DROP TRIGGER message_words_leave;
DROP TRIGGER message_words_delete;
DROP TRIGGER message_words_insert;
DROP TABLE message_words;
DROP VIEW message_contents;
DROP TRIGGER session_words_update;
DROP TRIGGER session_words_delete;
DROP TRIGGER session_words_insert;
DROP TABLE session_words;
DROP TRIGGER chunk_words_update;
DROP TRIGGER chunk_words_delete;
DROP TRIGGER chunk_words_insert;
DROP TABLE chunk_words;
DROP VIEW chunk_contents;
"""


class Migration(migrations.Migration):
    dependencies = [("graphlore", "0001_initial")]
    atomic = False
    operations = [ops.RunSQL(CHUNKS + SESSIONS + MESSAGES + REBUILD + PARTIAL_INDEXES, reverse_sql=DROP)]
