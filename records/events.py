"""Changes of records, as event streams publish them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from records.access.scopes import Audience

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
    audience: Audience = field(default_factory=Audience)
    "The users who may receive the change. It is used only for records that have an owner."
