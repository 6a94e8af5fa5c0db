"""Subscription to changes of collections."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import collections
from schema.collections.types import CollectionEvent
from schema.common import global_ids
from schema.common.info import Info
from schema.common.streams import get_optional_key, map_stream


@strawberry.type
class CollectionSubscriptions:
    @strawberry.subscription(
        description="Changes of one collection, or of all to which the viewer has access: of its fields, documents and "
        "members. Starts with a snapshot: of the collection if `collectionId` is set, otherwise of the first 100 by name. "
        "The progress of the ingestion of its documents is reported by `documentEvents`."
    )
    async def collection_events(
        self,
        info: Info,
        collection_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Id of the collection; all by default.")
        ] = UNSET,
    ) -> AsyncGenerator[CollectionEvent, None]:
        key = get_optional_key(global_ids.COLLECTION, collection_id, "collection_id")
        changes = await collections.stream_collection_events(info.context, key)
        return map_stream(changes, CollectionEvent.from_change)
