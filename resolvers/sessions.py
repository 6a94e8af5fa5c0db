"""Sessions: list, create, update and delete."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from records.access import CollectionRecord, CollectionSetting
from records.document import DocumentRecord, EraseReceipt
from records.errors import InvalidInput, NotFound
from records.events import Change
from records.filters import DocumentFilter, Order, SessionFilter
from records.ids import CollectionId, DocumentId, MessageId, SessionId
from records.page import PageRequest
from records.session import MessageRecord, SessionRecord, SessionSettings
from resolvers.collections import list_session_collections
from resolvers.documents import NEWEST_FIRST, list_documents
from resolvers.pages import Listing
from resolvers.request_context import Context
from resolvers.session_settings import apply_settings
from resolvers.subscription_streams import stream
from resolvers.validation import check_name, reject_null
from services.collections.inherited_settings import check_contained, check_unlocked, locks

MAX_COLLECTIONS = 20
"""Maximum number of collections of a session."""
LATEST_FIRST = Order("LAST_MESSAGE_AT")
BEST_FIRST = Order("RELEVANCE")


async def list_sessions(
    context: Context, filter: SessionFilter, order: Order | None, request: PageRequest
) -> Listing[SessionRecord]:
    """Return a page of sessions. Without an order: best match first if there is a query, else latest message first."""
    order = order or (BEST_FIRST if filter.query else LATEST_FIRST)
    return Listing(
        await context.sessions.page(context.scope, filter, order, request),
        lambda: context.sessions.count(context.scope, filter),
    )


async def list_attached_documents(
    context: Context, session_id: SessionId, request: PageRequest
) -> Listing[DocumentRecord]:
    return await list_documents(context, DocumentFilter(session_id=session_id), NEWEST_FIRST, request)


async def list_messages(context: Context, session_id: SessionId, request: PageRequest) -> Listing[MessageRecord]:
    """Return a page of the messages from the first prompt to the latest message, oldest first."""
    return Listing(
        await context.messages.page(context.scope, session_id, request),
        lambda: context.messages.count(context.scope, session_id),
    )


async def read_effective_settings(context: Context, session: SessionRecord) -> SessionSettings:
    return await context.answers.effective_settings(context.scope, session)


async def create_session(context: Context, provided: Mapping[str, Any]) -> SessionRecord:
    """Create a session from the provided fields.

    Raises `InvalidInput` for an invalid field and for a setting that a collection locks, and `NotFound` for an unknown
    document, collection or model.
    """
    reject_null(provided, "name", "document_ids", "collection_ids", "settings")
    name = check_name(provided["name"]) if "name" in provided else None
    settings = apply_settings(context, SessionSettings(), provided.get("settings", {}))
    document_ids, collection_ids = provided.get("document_ids", ()), provided.get("collection_ids", ())
    collections = await _get_collections(context, collection_ids)
    check_unlocked(collections, settings, "settings.")
    await _check_attached(context, document_ids, collections)
    return await context.session_changes.create_session(context.scope, name, document_ids, settings, collection_ids)


async def _get_collections(context: Context, ids: Sequence[CollectionId]) -> Sequence[CollectionRecord]:
    """Return collections in the order of their ids. Raises `NotFound`."""
    if len(ids) > MAX_COLLECTIONS:
        message = f"{{field}} has {len(ids)} items; at most {MAX_COLLECTIONS} are allowed."
        raise InvalidInput(message, field="collection_ids")
    found = await context.collections.stores.collections.find_many(context.scope, ids)
    for each in ids:
        if each not in found:
            raise NotFound("collection", each)
    return [found[each] for each in ids]


async def _check_attached(
    context: Context, document_ids: Sequence[DocumentId], collections: Sequence[CollectionRecord]
) -> None:
    """Raise `InvalidInput` for a document of one's own if the collections permit only their own documents."""
    if document_ids and locks(collections, CollectionSetting.OWN_DOCUMENTS):
        check_contained((await context.documents.find_many(context.scope, document_ids)).values(), collections)


async def update_session(context: Context, session_id: SessionId, provided: Mapping[str, Any]) -> SessionRecord:
    """Apply the provided changes of `name`, `document_ids`, `collection_ids`, `archived` and `settings`.

    Raises `InvalidInput` for an invalid field and for a setting that a collection locks, and `NotFound` for an unknown
    session, document, collection or model.
    """
    reject_null(provided, "name", "document_ids", "collection_ids", "archived", "settings", "head_message_id")
    session = await context.sessions.get(context.scope, session_id)
    if "collection_ids" in provided:
        collections = await _get_collections(context, provided["collection_ids"])
    else:
        collections = await list_session_collections(context, session_id)
    settings = None
    if "settings" in provided:
        check_unlocked(collections, apply_settings(context, SessionSettings(), provided["settings"]), "settings.")
        settings = apply_settings(context, session.settings, provided["settings"])
    await _check_attached(context, provided.get("document_ids", ()), collections)
    return await context.session_changes.update_session(
        context.scope,
        session_id,
        name=check_name(provided["name"]) if "name" in provided else None,
        document_ids=provided.get("document_ids"),
        collection_ids=provided.get("collection_ids"),
        archived=provided.get("archived"),
        settings=settings,
        head_id=provided.get("head_message_id"),
    )


async def fork_session(context: Context, message_id: MessageId, name: str | None) -> SessionRecord:
    """Create a session with copies of the messages up to one of them. Raises `NotFound`, `Conflict` and `InvalidInput`."""
    checked = None if name is None else check_name(name)
    return await context.session_changes.fork_session(context.scope, message_id, checked)


async def delete_session(context: Context, session_id: SessionId) -> EraseReceipt:
    """Cancel the session's unfinished answer, then erase the session with its messages.

    Raises `NotFound` for an unknown id.
    """
    return await context.erasure.sessions.erase(context.scope, session_id)


async def stream_session_events(
    context: Context, session_id: SessionId | None
) -> AsyncGenerator[Change[SessionRecord], None]:
    """Return a snapshot and then every change of one session, or of all if the id is None. Raises `NotFound` at once."""
    if session_id is not None:
        await context.sessions.get(context.scope, session_id)
    return stream(context.session_changes.watch_sessions(context.scope, session_id))
