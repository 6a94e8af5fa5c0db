"""Changes of records, as event streams publish them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from records.ids import UserId

Record = TypeVar("Record")


class ChangeKind(StrEnum):
    SNAPSHOT = "SNAPSHOT"
    SNAPSHOT_END = "SNAPSHOT_END"
    ADDED = "ADDED"
    UPDATED = "UPDATED"
    REMOVED = "REMOVED"


@dataclass(frozen=True, slots=True)
class Change(Generic[Record]):
    """A change. `key` is None for SNAPSHOT_END only; `record` is None for SNAPSHOT_END and REMOVED."""

    kind: ChangeKind
    key: int | str | None
    record: Record | None
    owner_id: UserId | None = None
    "The owner of the record; None if the record has no owner. It is also set for REMOVED."
