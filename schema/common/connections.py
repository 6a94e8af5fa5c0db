"""Relay connections over keyset pages. `totalCount` is counted only if it is selected."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry

from records.page import PageRequest
from resolvers.pages import Listing, page_request
from schema.common.mapping import or_none

NodeType = TypeVar("NodeType")
Record = TypeVar("Record")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Number of items to return from the start of the list, or after `after`. Clamped to 1 to 100; "
        "25 if neither `first` nor `last` is given."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Return items after this cursor. An invalid cursor gives an empty page."),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Number of items to return from the end of the list, or before `before`. Clamped to 1 to 100; "
        "ignored if `first` is given."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Return items before this cursor. An invalid cursor gives an empty page."),
]


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="True if the list has items after this page.")
    has_previous_page: bool = strawberry.field(description="True if the list has items before this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first item of the page; null for an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item of the page; null for an empty page."
    )


@strawberry.type(description="An item of a list with its cursor.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Opaque position of the item, for `after` and `before`.")
    node: NodeType = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = strawberry.field(description="Items of the page with their cursors.")
    nodes: list[NodeType] = strawberry.field(description="Items of the page without cursors.")
    page_info: PageInfo = strawberry.field(description="Position of the page in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="Number of items in the whole list.")
    async def total_count(self) -> int:
        return await self.count()


def connect(listing: Listing[Record], node_of: Callable[[Record], NodeType]) -> Connection[NodeType]:
    """Return a listing of records as a connection of nodes."""
    page = listing.page
    nodes = [node_of(record) for record in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=listing.count,
    )


def paging(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """Return the page that the four arguments of a connection request; each may be omitted."""
    return page_request(or_none(first), or_none(after), or_none(last), or_none(before))
