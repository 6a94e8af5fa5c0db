"""Collections and groups: list, create, update and assign."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from records.access import (
    AccessLevel,
    CollectionFields,
    CollectionFilter,
    CollectionRecord,
    CollectionStatistics,
    GrantRecord,
    GroupRecord,
    LeftDocuments,
    Principals,
)
from records.document import DocumentRecord, EraseReceipt
from records.errors import Forbidden, InvalidInput, NotFound
from records.events import Change
from records.filters import DocumentFilter
from records.ids import CollectionId, DocumentId, GroupId, SessionId, UserId
from records.page import PageRequest
from records.session import SessionSettings
from resolvers.documents import NEWEST_FIRST, list_documents
from resolvers.pages import Listing
from resolvers.request_context import Context
from resolvers.session_settings import apply_settings
from resolvers.subscription_streams import stream
from resolvers.validation import MAX_SYSTEM_PROMPT_LENGTH, check_name, check_text, reject_null

MAX_IDS = 1_000
"""Maximum number of documents, users or groups in one change."""
MAX_DESCRIPTION_LENGTH = 2_000


async def list_collections(
    context: Context, filter: CollectionFilter, request: PageRequest
) -> Listing[CollectionRecord]:
    store = context.collections.stores.collections
    page = await store.page(context.scope, filter, request)
    return Listing(page, lambda: store.count(context.scope, filter))


async def list_groups(context: Context, request: PageRequest) -> Listing[GroupRecord]:
    store = context.collections.stores.groups
    return Listing(await store.page(context.scope, request), lambda: store.count(context.scope))


async def list_contained_documents(
    context: Context, collection_id: CollectionId, filter: DocumentFilter, request: PageRequest
) -> Listing[DocumentRecord]:
    return await list_documents(context, replace(filter, collection_id=collection_id), NEWEST_FIRST, request)


async def list_grants(
    context: Context, collection: CollectionRecord, request: PageRequest
) -> Listing[GrantRecord] | None:
    """Return a page of the access to a collection; None for users who do not manage it, or do so no longer."""
    if collection.level is not AccessLevel.MANAGE:
        return None
    store = context.collections.stores.grants
    try:
        page = await store.page(context.scope, collection.id, request)
    except (NotFound, Forbidden):
        return None
    return Listing(page, lambda: store.count(context.scope, collection.id))


async def read_statistics(context: Context, collection: CollectionRecord) -> CollectionStatistics | None:
    """Return the numbers of a collection; None for users who do not manage it, or do so no longer."""
    if collection.level is not AccessLevel.MANAGE:
        return None
    try:
        return await context.collections.stores.collections.statistics(context.scope, collection.id)
    except (NotFound, Forbidden):
        return None


async def list_session_collections(context: Context, session_id: SessionId) -> tuple[CollectionRecord, ...]:
    return await context.collections.stores.collections.of_session(context.scope, session_id)


async def list_groups_of_user(context: Context, user_id: UserId) -> tuple[GroupRecord, ...]:
    return await context.collections.stores.groups.of_user(context.scope, user_id)


async def create_collection(context: Context, provided: Mapping[str, Any]) -> CollectionRecord:
    """Create a collection. Raises `InvalidInput`, and `NotFound` for an unknown model."""
    empty = CollectionFields("", None, SessionSettings(), hides_system_prompt=False, locked=())
    chosen = replace(empty, **_checked(context, provided, empty.settings))
    return await context.collections.collections.create(context.viewer, context.exchange, chosen)


async def update_collection(
    context: Context, collection_id: CollectionId, provided: Mapping[str, Any]
) -> CollectionRecord:
    """Change fields of a collection. Raises `NotFound`, `Forbidden` and `InvalidInput`."""

    def choose(present: CollectionFields) -> CollectionFields:
        return replace(present, **_checked(context, provided, present.settings))

    return await context.collections.collections.update(context.viewer, context.exchange, collection_id, choose)


def _checked(context: Context, provided: Mapping[str, Any], settings: SessionSettings) -> dict[str, Any]:
    """Return the validated fields of a collection. `settings` are the present settings."""
    reject_null(provided, "name", "hides_system_prompt", "settings", "locked")
    changes = dict(provided)
    if "name" in changes:
        changes["name"] = check_name(changes["name"])
    if changes.get("description") is not None:
        check_text(changes["description"], MAX_DESCRIPTION_LENGTH, "description")
    if "locked" in changes:
        changes["locked"] = tuple(dict.fromkeys(changes["locked"]))
    direct = {name: changes.pop(name) for name in ("model_id", "system_prompt") if name in changes}
    if direct.get("system_prompt"):
        check_text(direct["system_prompt"], MAX_SYSTEM_PROMPT_LENGTH, "system_prompt")
    if direct or "settings" in changes:
        changes["settings"] = apply_settings(context, settings, changes.get("settings", {}) | direct)
    return changes


async def delete_collection(context: Context, collection_id: CollectionId, left: LeftDocuments) -> EraseReceipt:
    """Delete a collection, and its documents as `left` states. Raises `NotFound`."""
    return await context.erasure.delete_collection(context.viewer, context.exchange, collection_id, left)


async def add_documents(
    context: Context, collection_id: CollectionId, document_ids: Sequence[DocumentId]
) -> CollectionRecord:
    """Add documents to a collection. Raises `NotFound`, `Forbidden` and `InvalidInput`."""
    check_number(document_ids, "document_ids")
    changes = context.collections.collections
    return await changes.add_documents(context.viewer, context.exchange, collection_id, document_ids)


async def remove_documents(
    context: Context, collection_id: CollectionId, document_ids: Sequence[DocumentId]
) -> CollectionRecord:
    """Remove documents from a collection. Raises `NotFound`, `Forbidden`, `Conflict` and `InvalidInput`."""
    check_number(document_ids, "document_ids")
    changes = context.collections.collections
    return await changes.remove_documents(context.viewer, context.exchange, collection_id, document_ids)


async def grant_access(
    context: Context, collection_id: CollectionId, principals: Principals, level: AccessLevel
) -> CollectionRecord:
    """Give users and groups access to a collection. Raises `NotFound`, `Forbidden` and `InvalidInput`."""
    check_number([*principals.user_ids, *principals.group_ids], "principal_ids")
    changes = context.collections.collections
    return await changes.grant(context.viewer, context.exchange, collection_id, principals, level)


async def revoke_access(context: Context, collection_id: CollectionId, principals: Principals) -> CollectionRecord:
    """End the access of users and groups to a collection. Raises `NotFound`, `Forbidden` and `InvalidInput`."""
    check_number([*principals.user_ids, *principals.group_ids], "principal_ids")
    changes = context.collections.collections
    return await changes.revoke(context.viewer, context.exchange, collection_id, principals)


async def create_group(context: Context, name: str, member_ids: Sequence[UserId]) -> GroupRecord:
    """Create a group. Raises `NotFound`, `Conflict` and `InvalidInput`."""
    check_number(member_ids, "member_ids")
    return await context.collections.groups.create(context.viewer, context.exchange, check_name(name), member_ids)


async def update_group(context: Context, group_id: GroupId, provided: Mapping[str, Any]) -> GroupRecord:
    """Change the name or replace all members of a group. Raises `NotFound`, `Conflict` and `InvalidInput`."""
    reject_null(provided, "name", "member_ids")
    check_number(provided.get("member_ids", ()), "member_ids")
    return await context.collections.groups.update(
        context.viewer,
        context.exchange,
        group_id,
        name=check_name(provided["name"]) if "name" in provided else None,
        member_ids=provided.get("member_ids"),
    )


async def delete_group(context: Context, group_id: GroupId) -> None:
    """Delete a group. Raises `NotFound`."""
    await context.collections.groups.delete(context.viewer, context.exchange, group_id)


async def stream_collection_events(
    context: Context, collection_id: CollectionId | None
) -> AsyncGenerator[Change[CollectionRecord], None]:
    """Return a snapshot and then every change of one collection, or of all if the id is None. Raises `NotFound` at once."""
    if collection_id is not None:
        await context.collections.stores.collections.get(context.scope, collection_id)
    return stream(context.collections.collections.watch(context.scope, collection_id))


def check_number(ids: Sequence[int], field: str) -> None:
    """Raise `InvalidInput` for more than 1,000 ids."""
    if len(ids) > MAX_IDS:
        raise InvalidInput(f"{{field}} has {len(ids):,} items; at most {MAX_IDS:,} are allowed.", field=field)
