"""Keyset pagination: 1 to 100 items a page, 25 if the client gives no size."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from records.page import Page, PageRequest

Item = TypeVar("Item")

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page of a list. `count` returns the number of items in the whole list; it is called only if it is requested."""

    page: Page[Item]
    count: Callable[[], Awaitable[int]]


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """Return the page that a client requests, with its size clamped. `first` takes precedence over `last`."""
    if first is None and last is not None:
        return PageRequest(None, after, clamp(last, 1, MAX_PAGE_SIZE), before)
    size = DEFAULT_PAGE_SIZE if first is None else clamp(first, 1, MAX_PAGE_SIZE)
    return PageRequest(size, after, None, before)


def clamp(value: int, minimum: int, maximum: int) -> int:
    return max(minimum, min(value, maximum))
