"""Keyset pages as clients ask for them: 1 to 100 items, 25 where nothing is said."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from records.page import Page, PageRequest

Item = TypeVar("Item")

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page, and how to count the whole list where someone asks for that."""

    page: Page[Item]
    count: Callable[[], Awaitable[int]]


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """`first` wins where both are given."""
    if first is None and last is not None:
        return PageRequest(None, after, clamp(last, 1, MAX_PAGE), before)
    return PageRequest(25 if first is None else clamp(first, 1, MAX_PAGE), after, None, before)


def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
