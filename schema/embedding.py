"""How far an embedding model has come with a document."""

from enum import Enum

import strawberry

from schema.enums import describe


class EmbedderRole(Enum):
    LIGHT = "LIGHT"
    DEEP = "DEEP"


describe(
    EmbedderRole,
    "What an embedding model is for.",
    LIGHT="Quick: every document is embedded with it as it comes in.",
    DEEP="Better and slower: embeds in the background.",
)


@strawberry.type(description="How far one embedding model has indexed a document.")
class EmbeddingIndex:
    model: str = strawberry.field(description="The embedding model's name.")
    dimensions: int = strawberry.field(description="The length of its vectors.")
    role: EmbedderRole = strawberry.field(description="What the model is for.")
    embedded_chunks: int = strawberry.field(description="How many of the document's chunks have a vector.")
    complete: bool = strawberry.field(description="Whether all of them have one that can be searched.")
