"""Documents: list, read, upload, import, update, reprocess, cancel and delete."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from records.access import AccessLevel, CollectionSetting
from records.document import ChunkRecord, DocumentChanges, DocumentRecord, EraseReceipt, HeadingRecord, ReceivedFile
from records.errors import ExpectedError, InvalidInput
from records.events import Change
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import PageRequest
from records.session import SessionRecord
from resolvers.pages import Listing, clamp
from resolvers.request_context import Context
from resolvers.subscription_streams import stream
from resolvers.validation import check_chunking, check_document_name, check_tags, check_text, reject_null
from services.collections.inherited_settings import locks

MAX_TEXT_LENGTH = 1_000_000
MAX_ADDRESS_LENGTH = 4_096
NEWEST_FIRST = Order("CREATED_AT")


async def list_documents(
    context: Context, filter: DocumentFilter, order: Order, request: PageRequest
) -> Listing[DocumentRecord]:
    return Listing(
        await context.documents.page(context.scope, filter, order, request),
        lambda: context.documents.count(context.scope, filter),
    )


async def list_chunks(context: Context, document_id: DocumentId, request: PageRequest) -> Listing[ChunkRecord]:
    return Listing(
        await context.chunks.page(context.scope, document_id, request),
        lambda: context.chunks.count(context.scope, document_id),
    )


async def list_sessions_of_document(
    context: Context, document_id: DocumentId, request: PageRequest
) -> Listing[SessionRecord]:
    return Listing(
        await context.sessions.of_document(context.scope, document_id, request),
        lambda: context.sessions.count_of_document(context.scope, document_id),
    )


async def read_text(context: Context, document: DocumentRecord, offset: int, length: int) -> str:
    """Return at most `length` code points of the document's text, starting at `offset`.

    A negative `offset` counts as 0; `length` is clamped to 1 to 1,000,000. The text of a document that is not completely
    parsed is empty, although its first part may be stored already.
    """
    if document.character_count is None:
        return ""
    length = clamp(length, 1, MAX_TEXT_LENGTH)
    return await context.documents.text(context.scope, document.id, max(0, offset), length)


async def read_outline(context: Context, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
    return await context.documents.outline(context.scope, document_id)


async def upload_document(
    context: Context, file: ReceivedFile, provided: Mapping[str, Any]
) -> tuple[DocumentRecord, bool]:
    """Store a received file and enqueue its ingestion. Return the document and whether its bytes were stored before.

    A rejected file is removed. Raises `InvalidInput` for an empty file or invalid details, `Unsupported` for a type that no
    reader accepts, and `Busy` if the database is locked.
    """
    try:
        details = _check_details(context, provided)
        await _check_place(context, provided)
    except ExpectedError:
        await context.originals.discard(file)
        raise
    return await _attach(context, provided, await context.intake.add_file(context.scope, file, **details))


async def _check_place(context: Context, provided: Mapping[str, Any]) -> None:
    """Check the session or the collection in which a new document is placed, before the file is received.

    Raises `NotFound`, `Forbidden` without the level WRITE in the collection, and `InvalidInput` for both at once and for a
    session whose collections permit only their own documents.
    """
    session_id, collection_id = provided.get("session_id"), provided.get("collection_id")
    if session_id is not None and collection_id is not None:
        raise InvalidInput("{field} and `sessionId` exclude each other.", field="collection_id")
    if session_id is not None:
        await context.sessions.get(context.scope, session_id)
        collections = await context.collections.stores.collections.of_session(context.scope, session_id)
        if locks(collections, CollectionSetting.OWN_DOCUMENTS):
            raise InvalidInput(
                "The collections of the session permit only their own documents ({field}).", field="session_id"
            )
    if collection_id is not None:
        await context.collections.stores.collections.require(context.scope, [collection_id], AccessLevel.WRITE)


async def _attach(
    context: Context, provided: Mapping[str, Any], added: tuple[DocumentRecord, bool]
) -> tuple[DocumentRecord, bool]:
    """Attach a new document to the session that was given with it, if any. Return the document and `duplicate`."""
    if provided.get("session_id") is not None:
        await context.session_changes.attach_document(context.scope, provided["session_id"], added[0].id)
    return added


async def import_document(
    context: Context, kind: str, source: str, media_type: str | None, provided: Mapping[str, Any]
) -> tuple[DocumentRecord, bool]:
    """Store a document that is not uploaded as a file. Return it and whether its bytes were stored before.

    `kind` is `text`, `url` or `path`; `source` is the text, the URL or the path. Raises `InvalidInput` for an invalid source
    or invalid details, `TooLarge` for a source above the upload limit, `Unsupported` for a type that no reader accepts, and
    `Busy` if the database is locked.
    """
    details = _check_details(context, provided)
    await _check_place(context, provided)
    max_length = context.limits.max_upload_bytes if kind == "text" else MAX_ADDRESS_LENGTH
    check_text(source, max_length, f"source.{kind}")
    match kind:
        case "text":
            added = await context.intake.add_text(context.scope, source, media_type=media_type, **details)
        case "url":
            added = await context.intake.add_url(context.scope, source, **details)
        case _:
            added = await context.intake.add_path(context.scope, source, **details)
    return await _attach(context, provided, added)


def _check_details(context: Context, provided: Mapping[str, Any]) -> dict[str, Any]:
    """Return the validated name, tags, metadata and chunk limits of a new document.

    Raises `InvalidInput` for the first invalid value.
    """
    reject_null(provided, "name", "tags")
    return {
        "name": check_document_name(provided["name"]) if "name" in provided else None,
        "tags": check_tags(provided.get("tags", ())),
        "metadata": provided.get("metadata"),
        "chunking": check_chunking(provided.get("chunking"), context.settings.chunking),
        "collection_id": provided.get("collection_id"),
    }


async def update_document(context: Context, document_id: DocumentId, changes: Mapping[str, Any]) -> DocumentRecord:
    """Apply the provided changes of `name`, `tags` and `metadata`.

    Raises `NotFound` for an unknown id, and `InvalidInput` for an invalid name or tag.
    """
    reject_null(changes, "name", "tags")
    checked = dict(changes)
    if "name" in checked:
        checked["name"] = check_document_name(checked["name"])
    if "tags" in checked:
        checked["tags"] = check_tags(checked["tags"])
    return await context.document_events.publish_result(
        context.documents.update(context.scope, document_id, DocumentChanges(**checked))
    )


async def reprocess_document(
    context: Context, document_id: DocumentId, chunking: Mapping[str, Any] | None
) -> DocumentRecord:
    """Ingest a document again from its original.

    Raises `NotFound` for an unknown id, `InvalidInput` for chunk limits out of range, and `Conflict` if the document is
    being ingested or its original is not stored.
    """
    document = await context.documents.get(context.scope, document_id)
    checked = check_chunking(chunking, document.chunking)
    return await context.ingestion.reprocess_document(context.scope, document_id, checked)


async def cancel_ingestion(context: Context, document_id: DocumentId) -> DocumentRecord:
    """Stop a document's ingestion. Raises `NotFound` for an unknown id, and `Conflict` if no ingestion is in progress."""
    return await context.ingestion.cancel_ingestion(context.scope, document_id)


async def delete_document(context: Context, document_id: DocumentId) -> EraseReceipt:
    """Erase a document from every store. Raises `NotFound` for an unknown id."""
    return await context.ingestion.delete_document(context.scope, document_id)


async def stream_document_events(
    context: Context, document_id: DocumentId | None
) -> AsyncGenerator[Change[DocumentRecord], None]:
    """Return a snapshot and then every change of one document, or of all if the id is None. Raises `NotFound` at once."""
    if document_id is not None:
        await context.documents.get(context.scope, document_id)
    return stream(context.ingestion.watch_documents(context.scope, document_id))
