"""SQL of the first migration for what Tortoise's models cannot express. It is part of that migration: do not change it.

The full-text tables contain no text: SQLite reads it from views and computes the tokens of a row again to delete them.
`index_tokens`, `index_variants` and `index_terms` are functions of the connection (`sqlite.py`), so other programs can read
these tables but not change them.
"""

FULL_TEXT_INDEX = """
CREATE VIEW chunks_fts_content AS
SELECT id, index_tokens(text) AS text, index_tokens(context) AS context,
    index_variants(text) || ' ' || index_variants(context) AS variants, 'd' || document_id AS document FROM chunks;

CREATE VIRTUAL TABLE chunks_fts USING fts5(
    text, context, variants, document, content='chunks_fts_content', content_rowid='id', tokenize='porter ascii'
);

CREATE TRIGGER chunks_fts_insert AFTER INSERT ON chunks BEGIN
    INSERT INTO chunks_fts (rowid, text, context, variants, document)
    VALUES (new.id, index_tokens(new.text), index_tokens(new.context),
        index_variants(new.text) || ' ' || index_variants(new.context), 'd' || new.document_id);
END;

CREATE TRIGGER chunks_fts_delete AFTER DELETE ON chunks BEGIN
    INSERT INTO chunks_fts (chunks_fts, rowid, text, context, variants, document)
    VALUES ('delete', old.id, index_tokens(old.text), index_tokens(old.context),
        index_variants(old.text) || ' ' || index_variants(old.context), 'd' || old.document_id);
END;

CREATE TRIGGER chunks_fts_update AFTER UPDATE OF document_id, text, context ON chunks BEGIN
    INSERT INTO chunks_fts (chunks_fts, rowid, text, context, variants, document)
    VALUES ('delete', old.id, index_tokens(old.text), index_tokens(old.context),
        index_variants(old.text) || ' ' || index_variants(old.context), 'd' || old.document_id);
    INSERT INTO chunks_fts (rowid, text, context, variants, document)
    VALUES (new.id, index_tokens(new.text), index_tokens(new.context),
        index_variants(new.text) || ' ' || index_variants(new.context), 'd' || new.document_id);
END;

CREATE VIEW sessions_fts_content AS SELECT id, index_terms(name) AS name FROM sessions;

CREATE VIRTUAL TABLE sessions_fts USING fts5(
    name, content='sessions_fts_content', content_rowid='id', tokenize='porter ascii'
);

CREATE TRIGGER sessions_fts_insert AFTER INSERT ON sessions BEGIN
    INSERT INTO sessions_fts (rowid, name) VALUES (new.id, index_terms(new.name));
END;

CREATE TRIGGER sessions_fts_delete AFTER DELETE ON sessions BEGIN
    INSERT INTO sessions_fts (sessions_fts, rowid, name) VALUES ('delete', old.id, index_terms(old.name));
END;

CREATE TRIGGER sessions_fts_update AFTER UPDATE OF name ON sessions BEGIN
    INSERT INTO sessions_fts (sessions_fts, rowid, name) VALUES ('delete', old.id, index_terms(old.name));
    INSERT INTO sessions_fts (rowid, name) VALUES (new.id, index_terms(new.name));
END;

-- An answer is stored many times while it is generated. It is indexed when it has ended.
CREATE VIEW messages_fts_content AS
SELECT id, index_terms(content) AS content FROM messages WHERE status IN ('COMPLETED', 'CANCELED', 'FAILED');

CREATE VIRTUAL TABLE messages_fts USING fts5(
    content, content='messages_fts_content', content_rowid='id', tokenize='porter ascii'
);

CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages
WHEN new.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO messages_fts (rowid, content) VALUES (new.id, index_terms(new.content));
END;

CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages
WHEN old.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, content) VALUES ('delete', old.id, index_terms(old.content));
END;

CREATE TRIGGER messages_fts_update_old AFTER UPDATE OF status, content ON messages
WHEN old.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, content) VALUES ('delete', old.id, index_terms(old.content));
END;

CREATE TRIGGER messages_fts_update_new AFTER UPDATE OF status, content ON messages
WHEN new.status IN ('COMPLETED', 'CANCELED', 'FAILED') BEGIN
    INSERT INTO messages_fts (rowid, content) VALUES (new.id, index_terms(new.content));
END;

-- The version of the functions that computed the tokens; an empty one lets the server build the index at its start.
CREATE TABLE search_index (tokenizer TEXT NOT NULL);
INSERT INTO search_index VALUES ('');
"""

STORAGE_TOTALS = """
CREATE TABLE storage_totals (
    documents INT NOT NULL, chunks INT NOT NULL, embedded_chunks INT NOT NULL, sessions INT NOT NULL, messages INT NOT NULL
);
INSERT INTO storage_totals VALUES (0, 0, 0, 0, 0);

CREATE TRIGGER storage_totals_document_insert AFTER INSERT ON documents WHEN new.status <> 'DELETING' BEGIN
    UPDATE storage_totals SET documents = documents + 1, chunks = chunks + new.chunk_count,
        embedded_chunks = embedded_chunks + new.embedded_chunks;
END;

CREATE TRIGGER storage_totals_document_delete AFTER DELETE ON documents WHEN old.status <> 'DELETING' BEGIN
    UPDATE storage_totals SET documents = documents - 1, chunks = chunks - old.chunk_count,
        embedded_chunks = embedded_chunks - old.embedded_chunks;
END;

CREATE TRIGGER storage_totals_document_update AFTER UPDATE OF status, chunk_count, embedded_chunks ON documents BEGIN
    UPDATE storage_totals SET
        documents = documents + (new.status <> 'DELETING') - (old.status <> 'DELETING'),
        chunks = chunks + iif(new.status = 'DELETING', 0, new.chunk_count)
            - iif(old.status = 'DELETING', 0, old.chunk_count),
        embedded_chunks = embedded_chunks + iif(new.status = 'DELETING', 0, new.embedded_chunks)
            - iif(old.status = 'DELETING', 0, old.embedded_chunks);
END;

CREATE TRIGGER storage_totals_session_insert AFTER INSERT ON sessions BEGIN
    UPDATE storage_totals SET sessions = sessions + 1, messages = messages + new.message_count;
END;

CREATE TRIGGER storage_totals_session_delete AFTER DELETE ON sessions BEGIN
    UPDATE storage_totals SET sessions = sessions - 1, messages = messages - old.message_count;
END;

CREATE TRIGGER storage_totals_session_update AFTER UPDATE OF message_count ON sessions BEGIN
    UPDATE storage_totals SET messages = messages + new.message_count - old.message_count;
END;
"""

PARTIAL_INDEXES = """
CREATE UNIQUE INDEX documents_one_per_owner ON documents (owner_id, sha256) WHERE status <> 'DELETING';

CREATE UNIQUE INDEX documents_one_per_collection ON documents (owning_collection_id, sha256) WHERE status <> 'DELETING';

CREATE INDEX documents_private ON documents (owner_id) WHERE NOT is_shared;

CREATE INDEX chunks_unembedded ON chunks (document_id, position) WHERE embedding IS NULL;

CREATE UNIQUE INDEX messages_one_unfinished ON messages (parent_id)
WHERE status IN ('PENDING', 'RETRIEVING', 'THINKING', 'GENERATING');

CREATE INDEX messages_answers ON messages (created_at, role, model_name, time_to_first_token_ms) WHERE role = 'ASSISTANT';

CREATE UNIQUE INDEX model_settings_one_default ON model_settings (is_default) WHERE is_default;

CREATE UNIQUE INDEX users_one_superadmin ON users (role) WHERE role = 'SUPERADMIN';
"""

COLLECTIONS = """
CREATE VIEW user_collections (user_id, collection_id, rank) AS
    SELECT user_id, collection_id, rank FROM collection_grants WHERE user_id IS NOT NULL
    UNION ALL
    SELECT group_members.user_id, collection_grants.collection_id, collection_grants.rank
    FROM group_members JOIN collection_grants ON collection_grants.group_id = group_members.group_id;

CREATE TRIGGER documents_shared AFTER INSERT ON collection_documents BEGIN
    UPDATE documents SET is_shared = 1 WHERE id = new.document_id;
END;

CREATE TRIGGER documents_not_shared AFTER DELETE ON collection_documents BEGIN
    UPDATE documents SET is_shared = EXISTS (SELECT 1 FROM collection_documents WHERE document_id = old.document_id)
    WHERE id = old.document_id;
END;
"""

# The time has the form that `json_columns.stamp` returns.
LOCAL_USER = """
INSERT INTO users (name, role, active, is_erased, created_at)
VALUES ('Local user', 'SUPERADMIN', 1, 0, strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
"""

INITIAL_SQL = FULL_TEXT_INDEX + STORAGE_TOTALS + PARTIAL_INDEXES + COLLECTIONS + LOCAL_USER
