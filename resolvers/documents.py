"""Documents: found, listed, taken in, changed, deleted."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from records.document import Chunking, ChunkRecord, DocumentRecord, EraseReceipt, HeadingRecord, ReceivedFile
from records.errors import InvalidInput
from records.events import Change
from records.ids import DocumentId
from records.page import PageRequest
from records.session import SessionRecord
from resolvers.context import Context
from resolvers.lists import DocumentFilter, Order
from resolvers.pages import Listing, clamp
from resolvers.validation import check_chunking, check_name, check_tags, check_text, refuse_null

MAX_TEXT = 1_000_000
MAX_ADDRESS = 4_096
NEWEST_FIRST = Order("CREATED_AT")


async def find(context: Context, document_id: DocumentId) -> DocumentRecord | None:
    return await context.documents.find(document_id)


async def page(context: Context, filter: DocumentFilter, order: Order, request: PageRequest) -> Listing[DocumentRecord]:
    return Listing(await context.documents.page(filter, order, request), lambda: context.documents.count(filter))


async def chunks(context: Context, document_id: DocumentId, request: PageRequest) -> Listing[ChunkRecord]:
    return Listing(await context.chunks.page(document_id, request), lambda: context.chunks.count(document_id))


async def sessions(context: Context, document_id: DocumentId, request: PageRequest) -> Listing[SessionRecord]:
    """Sessions that this document is attached to."""
    return Listing(
        await context.sessions.of_document(document_id, request),
        lambda: context.sessions.count_of_document(document_id),
    )


async def text(context: Context, document_id: DocumentId, offset: int, length: int) -> str:
    """Code points; `offset` from 0, `length` 1 to 1,000,000, both clamped."""
    return await context.documents.text(document_id, max(0, offset), clamp(length, 1, MAX_TEXT))


async def outline(context: Context, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
    return await context.documents.outline(document_id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a client says of a document that it brings, checked."""

    name: str | None
    tags: tuple[str, ...]
    metadata: Any
    chunking: Chunking | None

    @staticmethod
    def check(context: Context, given: Mapping[str, Any]) -> "Arrival":
        refuse_null(given, name="name", tags="tags")
        return Arrival(
            name=check_name(given["name"]) if "name" in given else None,
            tags=check_tags(given.get("tags", ())),
            metadata=given.get("metadata"),
            chunking=check_chunking(given.get("chunking"), context.settings.chunking),
        )

    def details(self) -> dict[str, Any]:
        return {"name": self.name, "tags": self.tags, "metadata": self.metadata, "chunking": self.chunking}


async def upload(context: Context, file: ReceivedFile, given: Mapping[str, Any]) -> tuple[DocumentRecord, bool]:
    """The document, and whether its bytes were here already. A file that is refused here is removed."""
    try:
        arrival = Arrival.check(context, given)
    except InvalidInput:
        await context.originals.discard(file)
        raise
    return await context.arrivals.add_file(file, **arrival.details())


async def import_from(
    context: Context, kind: str, source: str, media_type: str | None, given: Mapping[str, Any]
) -> tuple[DocumentRecord, bool]:
    """`kind` is `text`, `url` or `path`; `source` is what stands there."""
    arrival = Arrival.check(context, given)
    field = f"source.{kind}"
    limit = context.limits.max_upload_bytes if kind == "text" else MAX_ADDRESS
    check_text(source, limit, f"The {kind}", field)
    match kind:
        case "text":
            return await context.arrivals.add_text(source, media_type=media_type, **arrival.details())
        case "url":
            return await context.arrivals.add_url(source, **arrival.details())
        case _:
            return await context.arrivals.add_path(source, **arrival.details())


async def update(context: Context, document_id: DocumentId, changes: Mapping[str, Any]) -> DocumentRecord:
    """`changes` holds what was given: `name`, `tags`, `metadata`."""
    refuse_null(changes, name="name", tags="tags")
    checked = dict(changes)
    if "name" in checked:
        checked["name"] = check_name(checked["name"])
    if "tags" in checked:
        checked["tags"] = check_tags(checked["tags"])
    return context.document_feed.updated(await context.documents.update(document_id, **checked))


async def reprocess(context: Context, document_id: DocumentId, chunking: Mapping[str, Any] | None) -> DocumentRecord:
    document = await context.documents.get(document_id)
    return await context.ingestion.reprocess(document_id, check_chunking(chunking, document.chunking))


async def cancel(context: Context, document_id: DocumentId) -> DocumentRecord:
    return await context.ingestion.cancel(document_id)


async def delete(context: Context, document_id: DocumentId) -> EraseReceipt:
    return await context.ingestion.delete(document_id)


async def stream_events(
    context: Context, document_id: DocumentId | None
) -> AsyncGenerator[Change[DocumentRecord], None]:
    """One document's changes, or all: a snapshot first. Raises `NotFound` before the stream begins."""
    if document_id is not None:
        await context.documents.get(document_id)
    return _follow(context, document_id)


async def _follow(context: Context, document_id: DocumentId | None) -> AsyncGenerator[Change[DocumentRecord], None]:
    async with context.ingestion.watch(document_id) as changes:
        async for change in changes:
            yield change
