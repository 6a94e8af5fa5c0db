import random
from collections.abc import Awaitable, Callable

import pytest

from records.document import DocumentChanges, DocumentRecord, DocumentStatus
from records.filters import DocumentFilter, Order, SessionFilter
from records.page import Page, PageRequest
from tests.access import LOCAL
from tests.persistence.stores import Stores

ORDERS = [Order(field, descending) for field in ("CREATED_AT", "NAME", "BYTE_SIZE") for descending in (True, False)]
Fetch = Callable[[PageRequest], Awaitable[Page[DocumentRecord]]]


@pytest.fixture
async def fetch_in(stores: Stores) -> Callable[[Order], Fetch]:
    """Create eleven documents with equal names and sizes among them, and return a function that pages through them."""
    chance = random.Random(7)
    for n in range(11):
        document = await stores.add(str(n), byte_size=chance.choice([10, 20]))
        await stores.documents.update(LOCAL, document.id, DocumentChanges(name=chance.choice(["a", "A", "b", "ä"])))
    return lambda order: lambda request: stores.documents.page(LOCAL, DocumentFilter(), order, request)


def key(order: Order, document: DocumentRecord) -> object:
    return {
        "CREATED_AT": document.created_at, "NAME": document.name.casefold(), "BYTE_SIZE": document.byte_size,
    }[order.field], document.id  # fmt: skip


async def whole(fetch: Fetch) -> list[DocumentRecord]:
    return list((await fetch(PageRequest(first=100))).items)


@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_lists_are_ordered_and_ids_break_ties(fetch_in: Callable[[Order], Fetch], order: Order) -> None:
    documents = await whole(fetch_in(order))
    assert len(documents) == 11
    assert documents == sorted(documents, key=lambda each: key(order, each), reverse=order.descending)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("size", [1, 2, 5, 10, 11, 12])
@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_forward_pages_cover_the_whole_list(fetch_in: Callable[[Order], Fetch], order: Order, size: int) -> None:
    fetch, items, after = fetch_in(order), list[DocumentRecord](), None
    while True:
        page = await fetch(PageRequest(first=size, after=after))
        assert page.has_previous == bool(items)
        items += page.items
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert items == await whole(fetch)


@pytest.mark.parametrize("size", [1, 2, 5, 10, 11, 12])
@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_backward_pages_cover_the_whole_list(fetch_in: Callable[[Order], Fetch], order: Order, size: int) -> None:
    fetch, items, before = fetch_in(order), list[DocumentRecord](), None
    while True:
        page = await fetch(PageRequest(first=None, last=size, before=before))
        assert page.has_next == bool(items)
        items = [*page.items, *items]
        if not page.has_previous:
            break
        before = page.cursors[0]
    assert items == await whole(fetch)


async def test_two_cursors_select_the_range_that_relay_specifies(fetch_in: Callable[[Order], Fetch]) -> None:
    fetch = fetch_in(Order("NAME"))
    full = await fetch(PageRequest(first=100))
    for low in (None, 0, 4, 9, 10):
        for high in (None, 0, 1, 5, 10):
            for size in (1, 3, 20):
                for forwards in (True, False):
                    left = 0 if low is None else low + 1
                    right = max(left, 11 if high is None else int(high))
                    begin, end = (left, min(right, left + size)) if forwards else (max(left, right - size), right)
                    page = await fetch(
                        PageRequest(
                            first=size if forwards else None,
                            last=None if forwards else size,
                            after=None if low is None else full.cursors[low],
                            before=None if high is None else full.cursors[high],
                        )
                    )
                    assert page.items == full.items[begin:end]
                    if page.items:
                        assert (page.has_previous, page.has_next) == (begin > 0, end < 11)


async def test_a_cursor_of_a_deleted_row_stays_valid(fetch_in: Callable[[Order], Fetch], stores: Stores) -> None:
    fetch = fetch_in(Order("NAME"))
    full = await fetch(PageRequest(first=100))
    await stores.ingested.erase(full.items[4].id)
    page = await fetch(PageRequest(first=2, after=full.cursors[4]))
    assert page.items == full.items[5:7]
    assert page.has_previous


async def test_foreign_cursors_return_an_empty_page(fetch_in: Callable[[Order], Fetch], stores: Stores) -> None:
    fetch = fetch_in(Order("NAME"))
    of_sizes = (await fetch_in(Order("BYTE_SIZE"))(PageRequest(first=1))).cursors[0]
    await stores.session()
    of_sessions = (await stores.sessions.page(LOCAL, SessionFilter(), Order("NAME"), PageRequest(first=1))).cursors[0]
    for cursor in ("", "x", "é", "\ud800", "AAAA", "k" * 5000, of_sizes, of_sessions, of_sizes[:-3]):
        for request in (PageRequest(first=5, after=cursor), PageRequest(first=None, last=5, before=cursor)):
            assert await fetch(request) == Page((), (), has_next=False, has_previous=False)


async def test_an_empty_list_has_an_empty_page(stores: Stores) -> None:
    nothing = DocumentFilter(status=(DocumentStatus.READY,))
    page = await stores.documents.page(LOCAL, nothing, Order("NAME"), PageRequest(first=5))
    assert page == Page((), (), has_next=False, has_previous=False)


@pytest.mark.parametrize("field", ["LAST_MESSAGE_AT", "CREATED_AT", "NAME", "RELEVANCE"])
@pytest.mark.parametrize("query", [None, "bolt"])
async def test_sessions_page_in_every_order(stores: Stores, field: str, query: str | None) -> None:
    for n in range(7):
        session = await stores.session(f"bolt {n % 3}")
        if n % 2:
            await stores.exchange(session.id, "q", "bolt " * n)
    for descending in (True, False):
        wanted, order = SessionFilter(query=query), Order(field, descending)
        full = (await stores.sessions.page(LOCAL, wanted, order, PageRequest(first=100))).items
        assert len(full) == 7
        first = await stores.sessions.page(LOCAL, wanted, order, PageRequest(first=3))
        second = await stores.sessions.page(LOCAL, wanted, order, PageRequest(first=5, after=first.cursors[-1]))
        assert first.items + second.items == full
        before = await stores.sessions.page(
            LOCAL, wanted, order, PageRequest(first=None, last=2, before=second.cursors[0])
        )
        assert before.items == full[1:3]
        assert (before.has_previous, before.has_next) == (True, True)


async def test_chunks_and_messages_page_in_their_order(stores: Stores) -> None:
    document = await stores.ingest(*(f"chunk {n}" for n in range(12)))
    page = await stores.chunks.page(LOCAL, document.id, PageRequest(first=None, last=2))
    assert [chunk.index for chunk in page.items] == [10, 11]
    assert page.has_previous
    session = await stores.session()
    for n in range(3):
        await stores.exchange(session.id, f"q{n}", f"a{n}")
    after = (await stores.messages.page(LOCAL, session.id, PageRequest(first=2))).cursors[-1]
    messages = await stores.messages.page(LOCAL, session.id, PageRequest(first=3, after=after))
    assert [message.content for message in messages.items] == ["q1", "a1", "q2"]
