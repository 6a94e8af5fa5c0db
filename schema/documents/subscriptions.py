"""Subscriptions to changes of documents."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import documents
from schema.common import global_ids
from schema.common.info import Info
from schema.common.streams import get_optional_key, map_stream
from schema.documents.types import DocumentEvent


@strawberry.type
class DocumentSubscriptions:
    @strawberry.subscription(
        description="Changes of one document, or of all documents, including the progress of their ingestion. Starts "
        "with a snapshot: of the document if `documentId` is set, otherwise of all unfinished documents and of the "
        "100 newest documents."
    )
    async def document_events(
        self,
        info: Info,
        document_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Id of the document; all documents by default.")
        ] = UNSET,
    ) -> AsyncGenerator[DocumentEvent, None]:
        key = get_optional_key(global_ids.DOCUMENT, document_id, "document_id")
        changes = await documents.stream_document_events(info.context, key)
        return map_stream(changes, DocumentEvent.from_change)
