"""Queries of any object by its global id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from schema.access.queries import find_api_key, find_audit_entry, find_invitation, find_login, find_user
from schema.collections.queries import find_collection, find_collection_access, find_group
from schema.common import global_ids
from schema.common.info import Info
from schema.common.types import Node
from schema.documents.queries import find_chunk, find_document
from schema.models.queries import find_model, find_provider
from schema.sessions.queries import find_message, find_session

FINDERS: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {
    "Document": find_document,
    "Chunk": find_chunk,
    "Session": find_session,
    "Message": find_message,
    "Model": find_model,
    "Provider": find_provider,
    "User": find_user,
    "Login": find_login,
    "ApiKey": find_api_key,
    "Invitation": find_invitation,
    "AuditEntry": find_audit_entry,
    "Group": find_group,
    "Collection": find_collection,
    "CollectionAccess": find_collection_access,
}
"""The function that finds an object by its global id, for each type."""


async def find_node(info: Info, global_id: str) -> Node | None:
    decoded = global_ids.decode(global_id)
    find = FINDERS.get(decoded[0]) if decoded is not None else None
    return None if find is None else await find(info, global_id)


@strawberry.type
class NodeQueries:
    @strawberry.field(description="Return any object by its global id; null for an unknown id.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the object.")]
    ) -> Node | None:
        return await find_node(info, id)

    @strawberry.field(
        description="Return several objects by their global ids, in the order of the ids, with null for an unknown id."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids of the objects.")],
    ) -> list[Node | None]:
        return await asyncio.gather(*(find_node(info, each) for each in ids))
