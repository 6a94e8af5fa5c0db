"""Keyset pages: what a list is asked for and what comes back."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`first` and `last` are already clamped to 1 to 100; exactly one of them is set."""

    first: int | None = 25
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items in the list's order with a cursor each; cursors are opaque text made by the store."""

    items: tuple[Item, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
