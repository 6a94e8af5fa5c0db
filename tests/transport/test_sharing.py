"""What many watch by the same operation is executed once for all; what differs in anything is not shared."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from graphql.execution.collect_fields import FieldDetails
from structlog.testing import capture_logs

from tests.transport.conftest import Serve
from tests.transport.library import Shelf
from tests.transport.news import News, Told
from tests.transport.sockets import Socket, open_socket
from transport.http.encoding import Encoded
from transport.http.requests import GraphQLRequest
from transport.websocket.shared_subscription import LONGEST_REMEMBERED, REMEMBERED, Audiences, SharedSubscription

NEWS = "subscription News($shout: Boolean = false) { news { headline(shout: $shout) } }"


@pytest.fixture
async def readers(serve: Serve) -> AsyncIterator[list[Socket]]:
    async with serve() as address, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_socket(address)) for _ in range(10)]
        for socket in sockets:
            await socket.initialise()
        yield sockets


async def headlines(sockets: list[Socket]) -> list[tuple[str, Any]]:
    """The id and the headline that each was sent."""
    frames = [await socket.receive() for socket in sockets]
    return [(frame["id"], frame["payload"]["data"]["news"]["headline"]) for frame in frames]


async def test_an_event_is_executed_once_for_all_and_sent_to_each_by_its_own_id(
    readers: list[Socket], shelf: Shelf
) -> None:
    shelf.paper.press.set()
    for number, socket in enumerate(readers):
        await socket.subscribe(f"own \N{OWL} {number}", NEWS)
    await shelf.paper.until_read_by(10)
    for text in ("one", "two"):
        shelf.paper.publish(text)
        assert await headlines(readers) == [(f"own \N{OWL} {number}", text) for number in range(10)]
    assert shelf.paper.executions == 2


async def test_those_who_come_while_it_is_executed_wait_for_it(readers: list[Socket], shelf: Shelf) -> None:
    for socket in readers:
        await socket.subscribe("1", NEWS)
    await shelf.paper.until_read_by(10)
    shelf.paper.publish("slow")
    while not shelf.paper.executions:
        await asyncio.sleep(0)
    shelf.paper.press.set()
    assert await headlines(readers) == [("1", "slow")] * 10
    assert shelf.paper.executions == 1


async def test_other_arguments_another_name_or_another_text_are_another_operation(
    readers: list[Socket], shelf: Shelf
) -> None:
    shelf.paper.press.set()
    operations: list[tuple[str, dict[str, Any]]] = [
        (NEWS, {}), (NEWS, {"shout": True}), (NEWS, {"shout": False}), (NEWS.replace("{ news", "{  news"), {}),
        (NEWS.replace("headline(", "headline: headline("), {}),
    ]  # fmt: skip
    for socket, (query, variables) in zip(readers, operations * 2, strict=True):
        await socket.subscribe("1", query, **variables)
    await shelf.paper.until_read_by(10)
    shelf.paper.publish("news")
    said = [headline for _, headline in await headlines(readers)]
    assert said == ["news", "NEWS", "news", "news", "news"] * 2
    assert shelf.paper.executions == len(operations)


async def test_a_stream_does_not_grow_with_its_events(readers: list[Socket], shelf: Shelf) -> None:
    """What an executor keeps of an operation's selections is made once, however many events come."""
    shelf.paper.press.set()
    await readers[0].subscribe("1", NEWS)
    await shelf.paper.until_read_by(1)
    alive = []
    for _ in range(3):
        for _ in range(50):
            shelf.paper.publish("news")
            await readers[0].receive()
        gc.collect()
        alive.append(sum(type(each) is FieldDetails for each in gc.get_objects()))
    assert alive[0] == alive[1] == alive[2]


async def test_a_surprise_is_told_to_all_by_one_id_and_logged_once(readers: list[Socket], shelf: Shelf) -> None:
    shelf.paper.press.set()
    for socket in readers:
        await socket.subscribe("1", NEWS)
    await shelf.paper.until_read_by(10)
    with capture_logs() as logged:
        shelf.paper.publish("secret")
        frames = [await socket.receive() for socket in readers]
    assert {frame["payload"]["errors"][0]["extensions"]["id"] for frame in frames} == {logged[0]["id"]}
    assert len(logged) == 1
    assert "swordfish" not in str(frames)


async def made_again(audience: SharedSubscription, events: list[News], payload: str = "x") -> int:
    """How many of the events were not remembered."""
    made = 0

    async def make() -> Encoded:
        nonlocal made
        made += 1
        return Encoded(payload)

    for event in events:
        assert await audience.payload(event, make) == payload
    return made


async def test_where_the_one_who_executes_leaves_the_next_one_does_it() -> None:
    event, began = News(source_event=Told("news")), asyncio.Event()

    async def never() -> Encoded:
        began.set()
        await asyncio.Event().wait()
        return Encoded("never")

    async def at_once() -> Encoded:
        return Encoded("made")

    audiences, request = Audiences(), GraphQLRequest(NEWS)
    with audiences.join(request) as audience, audiences.join(request):
        first = asyncio.ensure_future(audience.payload(event, never))
        await began.wait()
        second = asyncio.ensure_future(audience.payload(event, at_once))
        await asyncio.sleep(0)
        assert not second.done()
        first.cancel()
        assert await second == "made"


async def test_only_the_newest_events_of_a_bounded_size_are_remembered() -> None:
    events = [News(source_event=Told(str(number))) for number in range(REMEMBERED + 10)]
    audiences, request = Audiences(), GraphQLRequest(NEWS)
    with audiences.join(request) as audience, audiences.join(request):
        assert await made_again(audience, events) == len(events)
        assert await made_again(audience, events[10:]) == 0
        assert await made_again(audience, events[:10]) == 10
        large = [News(source_event=Told("large"))] * 2
        assert await made_again(audience, large, "x" * (LONGEST_REMEMBERED + 1)) == 2


async def test_nothing_is_remembered_for_one_alone_and_of_those_who_have_left() -> None:
    event = [News(source_event=Told("news"))]
    audiences, request = Audiences(), GraphQLRequest(NEWS, {"a": 1})
    with audiences.join(request) as audience:
        assert await made_again(audience, event * 2) == 2
    assert len(audiences) == 0
