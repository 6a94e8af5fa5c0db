"""Types that several features share."""

from enum import Enum

import strawberry

from records.events import ChangeKind
from schema.common.enums import describe
from schema.common.scalars import BigInt


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


describe(
    OrderDirection,
    "Direction of a sort order.",
    ASC="Smallest value first.",
    DESC="Largest value first.",
)
describe(
    ChangeKind,
    "Kind of change that an event of a document, session or model reports.",
    SNAPSHOT="The record existed when the subscription started; the event has its current state.",
    SNAPSHOT_END="All SNAPSHOT events have been sent. The event has no record; live events follow.",
    ADDED="The record was created.",
    UPDATED="The record was changed.",
    REMOVED="The record was deleted. The event has its id only.",
)


@strawberry.interface(description="An object with a global id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque global id, unique across all types. It does not change while the object exists."
    )


@strawberry.type(
    description="Counts of the data that a deletion erased. For a document, each count is the difference between what "
    "the store contained before and after the deletion. Quotes in earlier answers remain."
)
class EraseReceipt:
    chunks: int = strawberry.field(description="Number of chunks erased.")
    keyword_entries: int = strawberry.field(description="Number of entries erased from the keyword index.")
    vectors: int = strawberry.field(description="Number of vectors erased, of all embedders together.")
    messages: int = strawberry.field(description="Number of messages erased.")
    originals: int = strawberry.field(description="Number of original files erased.")
    bytes: BigInt = strawberry.field(description="Number of bytes freed.")
