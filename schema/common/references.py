"""Lazy references to types whose modules import each other. Use them in annotations instead of the types."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from schema.access.types import User
    from schema.collections.types import Collection, Group
    from schema.documents.chunks import Chunk
    from schema.documents.types import Document
    from schema.models.providers import Provider
    from schema.models.types import MemoryFit, Model
    from schema.sessions.messages import Message
    from schema.sessions.types import Session

UserRef: TypeAlias = Annotated["User", strawberry.lazy("schema.access.types")]
GroupRef: TypeAlias = Annotated["Group", strawberry.lazy("schema.collections.types")]
CollectionRef: TypeAlias = Annotated["Collection", strawberry.lazy("schema.collections.types")]
DocumentRef: TypeAlias = Annotated["Document", strawberry.lazy("schema.documents.types")]
ChunkRef: TypeAlias = Annotated["Chunk", strawberry.lazy("schema.documents.chunks")]
SessionRef: TypeAlias = Annotated["Session", strawberry.lazy("schema.sessions.types")]
MessageRef: TypeAlias = Annotated["Message", strawberry.lazy("schema.sessions.messages")]
ModelRef: TypeAlias = Annotated["Model", strawberry.lazy("schema.models.types")]
MemoryFitRef: TypeAlias = Annotated["MemoryFit", strawberry.lazy("schema.models.types")]
ProviderRef: TypeAlias = Annotated["Provider", strawberry.lazy("schema.models.providers")]
