"""Filters and orders of lists."""

from dataclasses import dataclass
from datetime import datetime

from records.document import (
    DocumentStatus,
)
from records.ids import DocumentId, SessionId


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    status: tuple[DocumentStatus, ...] | None = None
    name_contains: str | None = None
    tags: tuple[str, ...] | None = None
    "Documents that carry every one of these."
    media_type: tuple[str, ...] | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    query: str | None = None
    "Words in the name or the messages, by full-text search; any character is text."
    document_id: DocumentId | None = None
    model_name: str | None = None
    archived: bool | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    "CREATED_AT, NAME, BYTE_SIZE, LAST_MESSAGE_AT or RELEVANCE; ids break ties."
    descending: bool = True
