"""What an erasure left behind: nothing, counted."""

import strawberry

from schema.scalars import BigInt


@strawberry.type(
    description="What was erased, each store counted again afterwards. "
    "Quotes in earlier answers stay, as their `documentName` says."
)
class EraseReceipt:
    chunks: int = strawberry.field(description="Chunks.")
    keyword_entries: int = strawberry.field(description="Entries of the keyword index.")
    vectors: int = strawberry.field(description="Vectors.")
    messages: int = strawberry.field(description="Messages.")
    originals: int = strawberry.field(description="Files.")
    bytes: BigInt = strawberry.field(description="Bytes that were given back.")
