"""Sessions: found, listed, created, changed, deleted."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from records.document import DocumentRecord, EraseReceipt
from records.errors import Conflict
from records.events import Change
from records.ids import SessionId
from records.page import PageRequest
from records.session import MessageRecord, SessionRecord, SessionSettings
from resolvers import documents
from resolvers.context import Context
from resolvers.lists import DocumentFilter, Order, SessionFilter
from resolvers.pages import Listing
from resolvers.session_settings import changed_settings
from resolvers.validation import check_name, refuse_null

LATEST_FIRST = Order("LAST_MESSAGE_AT")
BEST_FIRST = Order("RELEVANCE")


async def find(context: Context, session_id: SessionId) -> SessionRecord | None:
    return await context.sessions.find(session_id)


async def page(
    context: Context, filter: SessionFilter, order: Order | None, request: PageRequest
) -> Listing[SessionRecord]:
    """Without an order: the best first where words are looked for, else those that were answered last."""
    order = order or (BEST_FIRST if filter.query else LATEST_FIRST)
    return Listing(await context.sessions.page(filter, order, request), lambda: context.sessions.count(filter))


async def attached(context: Context, session_id: SessionId, request: PageRequest) -> Listing[DocumentRecord]:
    return await documents.page(context, DocumentFilter(session_id=session_id), documents.NEWEST_FIRST, request)


async def path(context: Context, session_id: SessionId, request: PageRequest) -> Listing[MessageRecord]:
    """The active path's messages, oldest first."""
    return Listing(await context.messages.page(session_id, request), lambda: context.messages.count(session_id))


async def effective_settings(context: Context, session: SessionRecord) -> SessionSettings:
    return await context.answers.effective_settings(session)


async def create(context: Context, given: Mapping[str, Any]) -> SessionRecord:
    """A session without a name is called by its date and time."""
    refuse_null(given, name="name", document_ids="documentIds", settings="settings")
    name = check_name(given["name"]) if "name" in given else None
    settings = changed_settings(context, SessionSettings(), given.get("settings", {}))
    return await context.session_changes.create(name, given.get("document_ids", ()), settings)


async def update(context: Context, session_id: SessionId, given: Mapping[str, Any]) -> SessionRecord:
    """`given` holds what was given: `name`, `document_ids`, `archived`, `settings`."""
    refuse_null(given, name="name", document_ids="documentIds", archived="archived", settings="settings")
    session = await context.sessions.get(session_id)
    settings = changed_settings(context, session.settings, given["settings"]) if "settings" in given else None
    return await context.session_changes.update(
        session_id,
        name=check_name(given["name"]) if "name" in given else None,
        document_ids=given.get("document_ids"),
        archived=given.get("archived"),
        settings=settings,
    )


async def delete(context: Context, session_id: SessionId) -> EraseReceipt:
    """Stops the answer that is being made, if there is one, and erases the session with its messages."""
    session = await context.sessions.get(session_id)
    if session.head_id is not None:
        head = await context.messages.get(session.head_id)
        if not head.status.terminal:
            await _stop(context, head)
    return await context.session_changes.delete(session_id)


async def _stop(context: Context, answer: MessageRecord) -> None:
    try:
        await context.answers.cancel(answer.id)
    except Conflict:
        return  # it ended by itself in the meantime


async def stream_events(context: Context, session_id: SessionId | None) -> AsyncGenerator[Change[SessionRecord], None]:
    """One session's changes, or all: a snapshot first. Raises `NotFound` before the stream begins."""
    if session_id is not None:
        await context.sessions.get(session_id)
    return _follow(context, session_id)


async def _follow(context: Context, session_id: SessionId | None) -> AsyncGenerator[Change[SessionRecord], None]:
    async with context.session_changes.watch(session_id) as changes:
        async for change in changes:
            yield change
