"""What documents are filtered and ordered by, and what their mutations take."""

from enum import Enum

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records import filters
from records.document import DocumentStatus
from records.ids import SessionId
from schema import ids
from schema.enums import describe
from schema.mapping import or_none, tuple_or_none
from schema.scalars import Upload

NO_SESSION = SessionId(0)
"""For an id that names no session: nothing is attached to it."""


class DocumentOrderField(Enum):
    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    BYTE_SIZE = "BYTE_SIZE"


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


describe(
    DocumentOrderField,
    "What documents are ordered by.",
    CREATED_AT="By when they came in.",
    NAME="By their names.",
    BYTE_SIZE="By the size of their originals.",
)
describe(OrderDirection, "Which way a list runs.", ASC="The least first.", DESC="The greatest first.")


@strawberry.input(description="Documents that fit everything that is given.")
class DocumentFilter:
    status: list[DocumentStatus] | None = strawberry.field(default=UNSET, description="In one of these statuses.")
    name_contains: str | None = strawberry.field(default=UNSET, description="With this in their name, in any case.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="With every one of these tags.")
    media_type: list[str] | None = strawberry.field(default=UNSET, description="Of one of these types.")
    session_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Attached to this session.")

    def record(self) -> filters.DocumentFilter:
        session = or_none(self.session_id)
        return filters.DocumentFilter(
            status=tuple_or_none(self.status),
            name_contains=or_none(self.name_contains),
            tags=tuple_or_none(self.tags),
            media_type=tuple_or_none(self.media_type),
            session_id=None if session is None else ids.SESSION.find(session) or NO_SESSION,
        )


@strawberry.input(description="How documents are ordered.")
class DocumentOrder:
    field: DocumentOrderField = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(description="Which way the list runs.")

    def record(self) -> filters.Order:
        return filters.Order(self.field.value, self.direction is OrderDirection.DESC)


@strawberry.input(description="Bounds of a document's chunks.")
class ChunkingInput:
    max_tokens: int | None = strawberry.field(
        default=UNSET, description="Upper bound of a chunk in tokens of the light embedder."
    )
    overlap_tokens: int | None = strawberry.field(
        default=UNSET, description="Tokens that a chunk shares with the one in front of it."
    )


@strawberry.input(description="A file to take in.")
class UploadDocumentInput:
    file: Upload = strawberry.field(description="The file.")
    name: str | None = strawberry.field(default=UNSET, description="What to call it; the file's name otherwise.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="At most 50, of at most 100 characters.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="Whatever is to be kept with it.")
    chunking: ChunkingInput | None = strawberry.field(default=UNSET, description="Bounds of its chunks.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="For clients that always send one: the same bytes give the same document anyway."
    )


@strawberry.input(description="Exactly one of text, url and path.", one_of=True)
class DocumentSourceInput:
    text: str | None = strawberry.field(default=UNSET, description="The document's text itself.")
    url: str | None = strawberry.field(default=UNSET, description="A public address, http or https, to fetch it from.")
    path: str | None = strawberry.field(
        default=UNSET, description="A file under one of the import roots that the administrator allowed."
    )

    def chosen(self) -> tuple[str, str]:
        """The field that is set, and what stands in it."""
        kinds = {"text": self.text, "url": self.url, "path": self.path}
        return next((kind, source) for kind, source in kinds.items() if isinstance(source, str))


@strawberry.input(description="Exactly one of text, url and path.")
class ImportDocumentInput:
    source: DocumentSourceInput = strawberry.field(description="Exactly one of text, url and path.")
    name: str | None = strawberry.field(default=UNSET, description="What to call it.")
    media_type: str | None = strawberry.field(
        default=UNSET,
        description="What a text is, text/plain where nothing is said: any format that is text, such as text/markdown, "
        "text/html, text/csv, application/json, application/xml, message/rfc822 or text/x-python.",
    )
    tags: list[str] | None = strawberry.field(default=UNSET, description="At most 50, of at most 100 characters.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="Whatever is to be kept with it.")
    chunking: ChunkingInput | None = strawberry.field(default=UNSET, description="Bounds of its chunks.")


@strawberry.input(description="What to change of a document; what is left out stays.")
class UpdateDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")
    name: str | None = strawberry.field(default=UNSET, description="What to call it.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="All the tags that it is to carry.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="What is kept with it; null clears it.")


@strawberry.input(description="A document to ingest again.")
class ReprocessDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")
    chunking: ChunkingInput | None = strawberry.field(
        default=UNSET, description="New bounds of its chunks; as before otherwise."
    )


@strawberry.input(description="An ingestion to stop.")
class CancelIngestionInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document to erase.")
class DeleteDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")
