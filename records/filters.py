"""Filters and orders of lists. A filter field that is None does not restrict the list."""

from dataclasses import dataclass
from datetime import datetime

from records.document import DocumentStatus
from records.ids import CollectionId, DocumentId, SessionId
from records.model import ModelRecord, ModelSource, ModelStatus
from records.values.text import comparison_key


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    status: tuple[DocumentStatus, ...] | None = None
    name_contains: str | None = None
    "Compared without regard to case and Unicode form."
    tags: tuple[str, ...] | None = None
    "Matches documents that have all of these tags, compared without regard to case and Unicode form."
    media_type: tuple[str, ...] | None = None
    session_id: SessionId | None = None
    collection_id: CollectionId | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    query: str | None = None
    "Words in the name or the messages, by full-text search; any character is text."
    document_id: DocumentId | None = None
    model_name: str | None = None
    "Compared without regard to case and Unicode form."
    archived: bool | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModelFilter:
    source: tuple[ModelSource, ...] | None = None
    status: tuple[ModelStatus, ...] | None = None
    name_contains: str | None = None
    "Compared without regard to case and Unicode form."

    def matches(self, record: ModelRecord) -> bool:
        return (
            (self.source is None or record.source in self.source)
            and (self.status is None or record.status in self.status)
            and (self.name_contains is None or comparison_key(self.name_contains) in comparison_key(record.name))
        )


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    "CREATED_AT, NAME, BYTE_SIZE, LAST_MESSAGE_AT or RELEVANCE; ids break ties."
    descending: bool = True
