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
    SNAPSHOT="The object existed when the subscription started; the event has its current state.",
    SNAPSHOT_END="All SNAPSHOT events have been sent. The event has no object; live events follow.",
    ADDED="The object was created.",
    UPDATED="The object was changed.",
    REMOVED="The object was deleted. The event has only its id.",
)


@strawberry.interface(description="An object with a global id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque global id, unique across all types. It does not change while the object exists."
    )


@strawberry.type(
    description="Amounts of the data that a deletion erased. The numbers of chunks, keyword entries, vectors and "
    "messages are the differences between the numbers before and after the deletion. Quotes in "
    "earlier answers remain."
)
class EraseReceipt:
    chunks: int = strawberry.field(description="Number of chunks erased; 0 for a session.")
    keyword_entries: int = strawberry.field(
        description="Number of entries erased from the full-text indexes: one for each chunk of a document, or one "
        "for a session's name and one for each of its messages."
    )
    vectors: int = strawberry.field(
        description="Number of vectors erased, of all embedders together; 0 for a session. Vectors that cannot be "
        "erased at once, because the process with WorkerPurpose VECTORS does not respond, are not found "
        "by searches any more, are erased later and are not counted."
    )
    messages: int = strawberry.field(description="Number of messages erased; 0 for a document.")
    originals: int = strawberry.field(
        description="Number of original files erased: 1, or 0 if the original was not stored, and for a session."
    )
    bytes: BigInt = strawberry.field(
        description="Size of the erased data in bytes: the text, vectors and original of a document, or the text and "
        "reasoning of a session's messages. The file of the database does not become smaller; its free "
        "space is used again."
    )
