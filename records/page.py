"""Keyset pages: requests and results."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page. Exactly one of `first` and `last` is set, to 1 to 100."""

    first: int | None = 25
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items in the order of the list, each with a cursor. Cursors are opaque to all but the store."""

    items: tuple[Item, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
