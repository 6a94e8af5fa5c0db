"""A passage that an answer was given, and where it stands."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from records.session import CitationRecord
from schema.info import Info
from schema.mapping import made_from

if TYPE_CHECKING:
    from schema.chunk import Chunk
    from schema.document import Document


@strawberry.type(description="In points, from the page's top left corner.")
class BoundingBox:
    page: int = strawberry.field(description="The page, from 1.")
    left: float = strawberry.field(description="The left edge.")
    top: float = strawberry.field(description="The top edge.")
    right: float = strawberry.field(description="The right edge.")
    bottom: float = strawberry.field(description="The bottom edge.")


@strawberry.type(description="A passage that an answer was given.")
class Citation:
    record: strawberry.Private[CitationRecord]
    marker: int = strawberry.field(description="The number in the answer's [n].")
    document_name: str = strawberry.field(description="Kept even where the document is gone.")
    quote: str = strawberry.field(description="The passage, word for word.")
    page: int | None = strawberry.field(description="The page that it begins on, where there are pages.")
    score: float = strawberry.field(description="What passages were ordered by; higher is better.")
    used: bool = strawberry.field(description="Whether the answer names its marker.")
    start_offset: int | None = strawberry.field(
        description="Where the quote stands in `Document.text`; the quote is byte for byte that span."
    )
    end_offset: int | None = strawberry.field(description="Where that span ends: the first character behind it.")
    bounding_box: BoundingBox | None = strawberry.field(description="Where it stands on its page.")

    @classmethod
    def of(cls, record: CitationRecord) -> "Citation":
        return made_from(cls, record, record=record)

    @strawberry.field(description="The document; null once it is gone.")
    async def document(self, info: Info) -> Annotated["Document", strawberry.lazy("schema.document")] | None:
        from schema.document import Document

        if self.record.document_id is None:
            return None
        found = await info.context.loaders.documents.load(self.record.document_id)
        return None if found is None else Document.of(found)

    @strawberry.field(description="The chunk; null once it is gone.")
    async def chunk(self, info: Info) -> Annotated["Chunk", strawberry.lazy("schema.chunk")] | None:
        from schema.chunk import Chunk

        if self.record.chunk_id is None:
            return None
        found = await info.context.loaders.chunks.load(self.record.chunk_id)
        return None if found is None else Chunk.of(found)
