"""All stores of one database, with methods and functions that create records."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from persistence import vectors
from persistence.access.daily_usage import UsageDays
from persistence.access.groups import Groups
from persistence.collections.collection_grants import Grants
from persistence.collections.collections import Collections
from persistence.database.database import Database
from persistence.documents.chunks import Chunks
from persistence.documents.documents import Documents
from persistence.documents.ingested_documents import IngestedDocuments
from persistence.embeddings.outbox import Outbox
from persistence.models.model_settings import ModelSettings
from persistence.search.keywords import Keywords
from persistence.sessions.messages import Messages
from persistence.sessions.sessions import Sessions
from records.access import AccessScope
from records.document import (
    DocumentRecord,
    DocumentSource,
    ExtractionCoverage,
    HeadingRecord,
    NewChunk,
    NewDocument,
    ParsedDocument,
)
from records.ids import ChunkId, DocumentId, ModelId, SessionId
from records.session import CitationRecord, MessageRecord, MessageStatus, SessionRecord, SessionSettings, ThinkingMode
from services.interfaces.access.collection_store import CollectionStore
from services.interfaces.access.grant_store import GrantStore
from services.interfaces.access.group_store import GroupStore
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.ingestion_store import IngestionStore
from services.interfaces.keyword_index import KeywordIndex
from services.interfaces.message_store import MessageStore
from services.interfaces.model_settings_store import ModelSettingsStore
from services.interfaces.session_store import SessionStore
from services.interfaces.usage_store import UsageStore
from tests.access import LOCAL, SYSTEM

VECTOR = b"\x00\x3c" + b"\x00\x00" * 3


class Stores:
    """The stores of a database. Documents and sessions are created and read as the user of `scope`."""

    def __init__(self, database: Database, scope: AccessScope = LOCAL) -> None:
        self.database = database
        self.scope = scope
        self.documents: DocumentStore = Documents(database)
        self.ingested: IngestionStore = IngestedDocuments(database, SYSTEM)
        self.chunks: ChunkStore = Chunks(database)
        self.keywords: KeywordIndex = Keywords(database)
        self.sessions: SessionStore = Sessions(database)
        self.messages: MessageStore = Messages(database)
        self.model_settings: ModelSettingsStore = ModelSettings(database)
        self.collections: CollectionStore = Collections(database)
        self.grants: GrantStore = Grants(database)
        self.groups: GroupStore = Groups(database)
        self.usage: UsageStore = UsageDays(database)
        self.outbox = Outbox(database)
        _: vectors.Outbox = self.outbox

    async def add(self, name: str = "bolts.txt", **parts: Any) -> DocumentRecord:
        """Add a document whose bytes are its name."""
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        new = NewDocument(name, "text/plain", len(name), sha256, DocumentSource.UPLOAD)
        document, _ = await self.documents.add(self.scope, replace(new, **parts))
        return document

    async def ingest(self, *texts: str, name: str = "bolts.txt", context: str = "", **parts: Any) -> DocumentRecord:
        """Add a document in EMBEDDING with one chunk for each text."""
        document = await self.add(name, **parts)
        await self.fill(document.id, texts, context)
        return await self.ingested.finish_parsing(document.id, parsed(sum(len(text) for text in texts)))

    async def fill(self, document_id: DocumentId, texts: Sequence[str], context: str = "") -> None:
        start = 0
        chunks = []
        for index, text in enumerate(texts):
            await self.ingested.append_text(document_id, start, text)
            chunks.append(make_chunk(index, text, start, context))
            start += len(text)
        await self.ingested.add_chunks(document_id, chunks)

    async def embed(self, document_id: DocumentId, limit: int = 1000) -> list[ChunkId]:
        ids = [chunk.id for chunk in await self.ingested.unembedded(document_id, limit)]
        await self.ingested.store_embeddings(document_id, [(chunk_id, VECTOR) for chunk_id in ids])
        return ids

    async def session(self, name: str = "Bolts", *document_ids: DocumentId) -> SessionRecord:
        return await self.sessions.create(self.scope, name, document_ids, SessionSettings())

    async def ask(
        self, session_id: SessionId, content: str = "What torque?", key: str | None = None
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        return await self.messages.start_exchange(
            self.scope,
            session_id,
            content,
            thinking_mode=ThinkingMode.RAG,
            model_id=ModelId("0123456789abcdef"),
            model_name="Small",
            idempotency_key=key,
        )

    async def exchange(
        self, session_id: SessionId, content: str, answered: str, *citations: CitationRecord
    ) -> tuple[MessageRecord, MessageRecord]:
        prompt, answer, _ = await self.ask(session_id, content)
        done = replace(answer, content=answered, status=MessageStatus.COMPLETED, citations=citations)
        return prompt, await self.messages.finish(self.scope, done)

    async def found(self, query: str, *document_ids: DocumentId, limit: int = 100) -> list[str]:
        """Return the texts of the hits of a keyword search, best first."""
        hits = await self.keywords.search(self.scope, query, limit, document_ids or None)
        live = await self.chunks.find_many(self.scope, [hit.chunk_id for hit in hits])
        return [live[hit.chunk_id].text for hit in hits]


def make_chunk(index: int, text: str, start: int = 0, context: str = "") -> NewChunk:
    return NewChunk(index, text, context, ("Bolts",), start, start + len(text), 1, 1, len(text.split()))


def parsed(length: int, parser_version: int = 1) -> ParsedDocument:
    return ParsedDocument(
        media_type="text/plain",
        title="Bolts",
        page_count=1,
        character_count=length,
        token_count=length // 4,
        coverage=ExtractionCoverage(1, 1, 0, 0, 0, ("one warning",)),
        outline=(HeadingRecord("Bolts", 1, 0, 1), HeadingRecord("Torque", 2, 10, None)),
        properties={"author": "A. Smith"},
        parser_version=parser_version,
    )


def cite(document: DocumentRecord, chunk_id: ChunkId | None, marker: int = 1) -> CitationRecord:
    return CitationRecord(marker, document.id, chunk_id, document.name, "35 Nm", 1, 0.5, True, 0, 5, None)
