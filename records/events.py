"""Changes of things, as the event streams tell them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Noun = TypeVar("Noun")


class ChangeKind(StrEnum):
    SNAPSHOT = "SNAPSHOT"
    SNAPSHOT_END = "SNAPSHOT_END"
    ADDED = "ADDED"
    UPDATED = "UPDATED"
    REMOVED = "REMOVED"


@dataclass(frozen=True, slots=True)
class Change(Generic[Noun]):
    """`key` is None for SNAPSHOT_END alone; `noun` is None there and for REMOVED."""

    kind: ChangeKind
    key: int | str | None
    noun: Noun | None
