"""Functions that create records with default values, for tests that depend on only one or two fields."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from records.document import Chunking, ChunkRecord, DocumentRecord, DocumentSource, DocumentStatus
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId
from records.model import LoadSettings, ModelFacts, ModelRecord, ModelSource, ModelStatus
from records.session import (
    MessageRecord,
    MessageRole,
    MessageStatus,
    SamplingSettings,
    SessionRecord,
    SessionSettings,
    TokenUsage,
)
from tests.access import LOCAL

THEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_message(**parts: Any) -> MessageRecord:
    message = MessageRecord(
        id=MessageId(1),
        session_id=SessionId(1),
        parent_id=None,
        role=MessageRole.ASSISTANT,
        content="",
        reasoning=None,
        status=MessageStatus.COMPLETED,
        error=None,
        citations=(),
        model_id=None,
        model_name=None,
        thinking_mode=None,
        generation=None,
        rating=None,
        created_at=THEN,
        completed_at=None,
    )
    return replace(message, **parts)


def make_document(**parts: Any) -> DocumentRecord:
    document = DocumentRecord(
        id=DocumentId(1),
        owner_id=LOCAL.user_id,
        owning_collection_id=None,
        collection_ids=(),
        name="bolts.txt",
        title=None,
        media_type="text/plain",
        byte_size=120,
        sha256="0" * 64,
        source=DocumentSource.UPLOAD,
        source_uri=None,
        status=DocumentStatus.READY,
        progress=1.0,
        error=None,
        page_count=None,
        character_count=100,
        token_count=25,
        chunk_count=2,
        embedded_chunks=2,
        tags=(),
        metadata=None,
        coverage=None,
        chunking=Chunking(),
        has_original=True,
        created_at=THEN,
        updated_at=THEN,
    )
    return replace(document, **parts)


def make_chunk(**parts: Any) -> ChunkRecord:
    chunk = ChunkRecord(
        id=ChunkId(1),
        document_id=DocumentId(1),
        index=0,
        text="Bolt A takes 35 Nm.",
        context="",
        headings=(),
        start_offset=0,
        end_offset=19,
        page_start=None,
        page_end=None,
        token_count=8,
        bounding_box=None,
    )
    return replace(chunk, **parts)


def make_session(**parts: Any) -> SessionRecord:
    session = SessionRecord(
        id=SessionId(1),
        owner_id=LOCAL.user_id,
        name="Bolts",
        settings=SessionSettings(),
        model_id=None,
        model_name=None,
        head_id=None,
        message_count=0,
        usage=TokenUsage(),
        archived=False,
        created_at=THEN,
        updated_at=THEN,
        last_message_at=None,
    )
    return replace(session, **parts)


def make_model(**parts: Any) -> ModelRecord:
    model = ModelRecord(
        id=ModelId("0123456789abcdef"),
        name="Small",
        source=ModelSource.BUNDLED,
        path=Path("/models/small.gguf"),
        facts=ModelFacts("llama", 134_515_008, "Q4_1", 5_000_000_000, 8192, True),
        status=ModelStatus.READY,
        stage=None,
        progress=1.0,
        error=None,
        loaded_at=THEN,
        load_settings=LoadSettings(2048, 0, 2, 512, 1, True, "f16", "f16", True, False, 0, "CPU"),
        pending_load_settings=None,
        sampling=SamplingSettings(temperature=0.7),
        is_default=True,
    )
    return replace(model, **parts)
