"""Filters and orders of documents, and the inputs of their mutations."""

from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records import filters
from records.document import DocumentStatus
from records.ids import SessionId
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.mapping import or_none, provided_fields, tuple_or_none
from schema.common.scalars import Upload
from schema.common.types import OrderDirection

NO_SESSION = SessionId(0)
"""The key that stands for an unknown session id: no document is attached to it."""


class DocumentOrderField(Enum):
    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    BYTE_SIZE = "BYTE_SIZE"


describe(
    DocumentOrderField,
    "Field by which documents are ordered.",
    CREATED_AT="Time at which the document was stored.",
    NAME="Display name, ignoring case.",
    BYTE_SIZE="Size of the original.",
)


@strawberry.input(
    description="Conditions on documents; a document must match all of them. Omitted and null conditions match every "
    "document; an empty `status` or `mediaType` matches none. A document with the status DELETING is listed only if "
    "`status` contains DELETING."
)
class DocumentFilter:
    status: list[DocumentStatus] | None = strawberry.field(
        default=UNSET, description="Documents with one of these statuses."
    )
    name_contains: str | None = strawberry.field(
        default=UNSET, description="Documents whose name contains this text, ignoring case."
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="Documents that have all of these tags, ignoring case; every document for an empty list.",
    )
    media_type: list[str] | None = strawberry.field(
        default=UNSET, description="Documents whose `mediaType` is exactly one of these."
    )
    session_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Documents that are attached to this session; none for an unknown id."
    )

    def to_record(self) -> filters.DocumentFilter:
        session = or_none(self.session_id)
        return filters.DocumentFilter(
            status=tuple_or_none(self.status),
            name_contains=or_none(self.name_contains),
            tags=tuple_or_none(self.tags),
            media_type=tuple_or_none(self.media_type),
            session_id=None if session is None else global_ids.SESSION.find_key(session) or NO_SESSION,
        )


@strawberry.input(description="Order of a list of documents.")
class DocumentOrder:
    field: DocumentOrderField = strawberry.field(description="Field by which the documents are ordered.")
    direction: OrderDirection = strawberry.field(description="Direction of the order.")

    def to_record(self) -> filters.Order:
        return filters.Order(self.field.value, self.direction is OrderDirection.DESC)


@strawberry.input(
    description="Limits of a document's chunks. An omitted or null limit keeps its value; for a new document, it is "
    "taken from `ServerSettings.chunking`."
)
class ChunkingInput:
    max_tokens: int | None = strawberry.field(
        default=UNSET,
        description="Maximum number of tokens of a chunk, 16 to 256, counted by the tokenizer of the light embedder "
        "(`ServerSettings.lightEmbedder`).",
    )
    overlap_tokens: int | None = strawberry.field(
        default=UNSET,
        description="Number of tokens that a chunk repeats from the chunk before it, 0 to half of `maxTokens`.",
    )


@strawberry.input(description="Input of `uploadDocument`: a file and its details.")
class UploadDocumentInput:
    file: Upload = strawberry.field(description="The file, not empty and within `Limits.maxUploadBytes`.")
    name: str | None = strawberry.field(
        default=UNSET,
        description="Display name: one line of 1 to 300 characters without slashes, backslashes, control characters "
        "and marks of the text direction; the file name by default.",
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="Tags: at most 50, each of 1 to 100 characters. Of tags that differ only in case, the first one "
        "is stored.",
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="JSON value to store with the document.")
    session_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A session to which the document is attached; the viewer owns the document."
    )
    collection_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="A collection that will own the document, instead of the viewer. Needs the level WRITE. Not "
        "together with "
        "`sessionId`.",
    )
    chunking: ChunkingInput | None = strawberry.field(
        default=UNSET, description="Limits of the chunks; `ServerSettings.chunking` by default."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="Accepted for clients that send a key with every mutation, but without effect: an upload of the "
        "same bytes always returns the same document.",
    )


@strawberry.input(description="Source of an imported document: exactly one of `text`, `url` and `path`.", one_of=True)
class DocumentSourceInput:
    text: str | None = strawberry.field(
        default=UNSET,
        description="Text of the document, not empty. The limits are `Limits.maxRequestBytes` for the request and "
        "`Limits.maxUploadBytes` for the text in UTF-8.",
    )
    url: str | None = strawberry.field(
        default=UNSET, description="Public `http` or `https` URL of a file, at most 4,096 characters."
    )
    path: str | None = strawberry.field(
        default=UNSET,
        description="Path of a file on the server, under one of the import roots that the administrator configured.",
    )

    def chosen(self) -> tuple[str, str]:
        """Return the name and the value of the field that is set."""
        kinds = {"text": self.text, "url": self.url, "path": self.path}
        return next((kind, source) for kind, source in kinds.items() if isinstance(source, str))


@strawberry.input(description="Input of `importDocument`: a source and the details of the document.")
class ImportDocumentInput:
    source: DocumentSourceInput = strawberry.field(description="Source of the document.")
    name: str | None = strawberry.field(
        default=UNSET,
        description="Display name: one line of 1 to 300 characters without slashes, backslashes, control characters "
        "and marks of the text direction; by default the first words of a text, or the file name.",
    )
    media_type: str | None = strawberry.field(
        default=UNSET,
        description="Media type of a text, `text/plain` by default: any supported text format, such as `text/markdown`, "
        "`text/html`, `text/csv`, `application/json`, `application/xml`, `message/rfc822` or `text/x-python`. "
        "Ignored for a URL and a path.",
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="Tags: at most 50, each of 1 to 100 characters. Of tags that differ only in case, the first one "
        "is stored.",
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="JSON value to store with the document.")
    session_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A session to which the document is attached; the viewer owns the document."
    )
    collection_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="A collection that will own the document, instead of the viewer. Needs the level WRITE. Not "
        "together with "
        "`sessionId`.",
    )
    chunking: ChunkingInput | None = strawberry.field(
        default=UNSET, description="Limits of the chunks; `ServerSettings.chunking` by default."
    )


def new_document_fields(input: UploadDocumentInput | ImportDocumentInput) -> dict[str, Any]:
    """Return the provided fields with global ids replaced by keys. Raises `NotFound` for an invalid global id."""
    provided = provided_fields(input)
    if provided.get("session_id") is not None:
        provided["session_id"] = global_ids.SESSION.get_key(provided["session_id"], "session_id")
    if provided.get("collection_id") is not None:
        provided["collection_id"] = global_ids.COLLECTION.get_key(provided["collection_id"], "collection_id")
    return provided


@strawberry.input(description="Input of `updateDocument`. Omitted fields keep their value.")
class UpdateDocumentInput:
    id: strawberry.ID = strawberry.field(description="Id of the document.")
    name: str | None = strawberry.field(
        default=UNSET,
        description="Display name: one line of 1 to 300 characters without slashes, backslashes, control characters and "
        "marks of the text direction; not null.",
    )
    tags: list[str] | None = strawberry.field(
        default=UNSET,
        description="All tags of the document: at most 50, each of 1 to 100 characters, not null. Of tags that "
        "differ only in case, the first one is stored.",
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="JSON value to store with the document; null removes it."
    )


@strawberry.input(description="Input of `reprocessDocument`.")
class ReprocessDocumentInput:
    id: strawberry.ID = strawberry.field(description="Id of the document.")
    chunking: ChunkingInput | None = strawberry.field(
        default=UNSET, description="New limits of the chunks; those of the last ingestion by default."
    )


@strawberry.input(description="Input of `cancelIngestion`.")
class CancelIngestionInput:
    id: strawberry.ID = strawberry.field(description="Id of the document.")


@strawberry.input(description="Input of `deleteDocument`.")
class DeleteDocumentInput:
    id: strawberry.ID = strawberry.field(description="Id of the document.")
