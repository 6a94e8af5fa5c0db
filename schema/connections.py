"""Keyset pages as Relay knows them. `totalCount` is counted only where it is asked for."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry

from records.page import PageRequest
from resolvers.pages import Listing, page_request
from schema.mapping import or_none

NodeType = TypeVar("NodeType")
Record = TypeVar("Record")

First: TypeAlias = Annotated[int | None, strawberry.argument(description="The first so many, 1 to 100.")]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Those that come after this cursor.")]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="The last so many, 1 to 100.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Those that come before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list began before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last item.")


@strawberry.type(description="One item of a list, with its place.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Opaque; a page can begin after it or end before it.")
    node: NodeType = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[NodeType] = strawberry.field(description="The page's items alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many items the whole list has.")
    async def total_count(self) -> int:
        return await self.count()


def connect(listing: Listing[Record], node_of: Callable[[Record], NodeType]) -> Connection[NodeType]:
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
    """What the four arguments ask for; any of them may have been left out."""
    return page_request(or_none(first), or_none(after), or_none(last), or_none(before))
