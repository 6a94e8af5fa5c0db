"""Shared subscriptions: an event is executed once for all clients with the same operation, and only for them."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from graphql.execution.collect_fields import FieldDetails
from structlog.testing import capture_logs

from tests.access import LOCAL
from tests.support.own_task import in_own_task
from tests.transport.conftest import Serve
from tests.transport.execution.news_feed import Article, News
from tests.transport.probe import Probe
from tests.transport.websocket.client import Socket, open_socket
from transport.execution.shared_subscription import (
    CACHED_EVENTS,
    MAX_CACHED_PAYLOAD,
    SharedSubscription,
    SharedSubscriptions,
)
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import EncodedPayload

NEWS = "subscription News($upperCase: Boolean = false) { news { headline(upperCase: $upperCase) } }"


@asynccontextmanager
async def open_readers(serve: Serve) -> AsyncIterator[list[Socket]]:
    async with serve() as address, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_socket(address)) for _ in range(10)]
        for socket in sockets:
            await socket.initialise()
        yield sockets


@pytest.fixture
async def readers(serve: Serve) -> AsyncIterator[list[Socket]]:
    async with in_own_task(open_readers(serve)) as sockets:
        yield sockets


async def headlines(sockets: list[Socket]) -> list[tuple[str, Any]]:
    """Return the operation id and the headline that each socket receives next."""
    frames = [await socket.receive() for socket in sockets]
    return [(frame["id"], frame["payload"]["data"]["news"]["headline"]) for frame in frames]


async def test_an_event_is_executed_once_and_sent_to_each_client_with_its_own_id(
    readers: list[Socket], probe: Probe
) -> None:
    probe.news_feed.released.set()
    for number, socket in enumerate(readers):
        await socket.subscribe(f"own \N{OWL} {number}", NEWS)
    await probe.news_feed.until_read_by(10)
    for text in ("one", "two"):
        probe.news_feed.publish(text)
        assert await headlines(readers) == [(f"own \N{OWL} {number}", text) for number in range(10)]
    assert probe.news_feed.executions == 2


async def test_clients_wait_for_an_execution_in_progress(readers: list[Socket], probe: Probe) -> None:
    for socket in readers:
        await socket.subscribe("1", NEWS)
    await probe.news_feed.until_read_by(10)
    probe.news_feed.publish("slow")
    while not probe.news_feed.executions:
        await anyio.sleep(0)
    probe.news_feed.released.set()
    assert await headlines(readers) == [("1", "slow")] * 10
    assert probe.news_feed.executions == 1


async def test_operations_with_other_arguments_another_name_or_another_text_are_executed_separately(
    readers: list[Socket], probe: Probe
) -> None:
    probe.news_feed.released.set()
    operations: list[tuple[str, dict[str, Any]]] = [
        (NEWS, {}), (NEWS, {"upperCase": True}), (NEWS, {"upperCase": False}), (NEWS.replace("{ news", "{  news"), {}),
        (NEWS.replace("headline(", "headline: headline("), {}),
    ]  # fmt: skip
    for socket, (query, variables) in zip(readers, operations * 2, strict=True):
        await socket.subscribe("1", query, **variables)
    await probe.news_feed.until_read_by(10)
    probe.news_feed.publish("news")
    received = [headline for _, headline in await headlines(readers)]
    assert received == ["news", "NEWS", "news", "news", "news"] * 2
    assert probe.news_feed.executions == len(operations)


async def test_the_memory_of_a_stream_does_not_grow_with_its_events(readers: list[Socket], probe: Probe) -> None:
    """The executor's cache of selections is filled once, whatever the number of events."""
    probe.news_feed.released.set()
    await readers[0].subscribe("1", NEWS)
    await probe.news_feed.until_read_by(1)
    alive = []
    for _ in range(3):
        for _ in range(50):
            probe.news_feed.publish("news")
            await readers[0].receive()
        gc.collect()
        alive.append(sum(type(each) is FieldDetails for each in gc.get_objects()))
    assert alive[0] == alive[1] == alive[2]


async def test_an_unexpected_error_is_sent_to_all_clients_with_one_id_and_logged_once(
    readers: list[Socket], probe: Probe
) -> None:
    probe.news_feed.released.set()
    for socket in readers:
        await socket.subscribe("1", NEWS)
    await probe.news_feed.until_read_by(10)
    with capture_logs() as lines:
        probe.news_feed.publish("secret")
        frames = [await socket.receive() for socket in readers]
    assert {frame["payload"]["errors"][0]["extensions"]["id"] for frame in frames} == {lines[0]["incident"]}
    assert len(lines) == 1
    assert "swordfish" not in str(frames)


@pytest.mark.parametrize("reader", [0, 5])
async def test_a_client_that_leaves_during_the_execution_does_not_affect_the_others(
    readers: list[Socket], probe: Probe, reader: int
) -> None:
    for socket in readers:
        await socket.subscribe("1", NEWS)
    await probe.news_feed.until_read_by(10)
    probe.news_feed.publish("slow")
    while not probe.news_feed.executions:
        await anyio.sleep(0)
    await readers[reader].send({"type": "complete", "id": "1"})
    await readers[reader].send({"type": "ping"})
    assert await readers[reader].receive() == {"type": "pong"}
    probe.news_feed.released.set()
    rest = [socket for socket in readers if socket is not readers[reader]]
    assert await headlines(rest) == [("1", "slow")] * 9


async def count_executions(subscription: SharedSubscription, events: list[News], payload: str = "x") -> int:
    """Return the number of `events` that had to be executed, because their payload was not cached."""
    executions = 0

    async def execute() -> EncodedPayload:
        nonlocal executions
        executions += 1
        return EncodedPayload(payload)

    for event in events:
        assert await subscription.payload(event, execute) == payload
    return executions


async def test_if_the_executing_client_is_canceled_the_next_one_executes_the_event() -> None:
    event, began = News(source_event=Article("news")), anyio.Event()

    async def never() -> EncodedPayload:
        began.set()
        await anyio.sleep_forever()
        return EncodedPayload("never")

    async def at_once() -> EncodedPayload:
        return EncodedPayload("executed")

    subscriptions, request = SharedSubscriptions(), GraphQLRequest(NEWS)
    with subscriptions.join(LOCAL, request) as subscription, subscriptions.join(LOCAL, request):
        first = asyncio.ensure_future(subscription.payload(event, never))
        await began.wait()
        second = asyncio.ensure_future(subscription.payload(event, at_once))
        await anyio.sleep(0)
        assert not second.done()
        first.cancel()
        assert await second == "executed"


async def test_only_the_newest_payloads_of_a_limited_size_are_cached() -> None:
    events = [News(source_event=Article(str(number))) for number in range(CACHED_EVENTS + 10)]
    subscriptions, request = SharedSubscriptions(), GraphQLRequest(NEWS)
    with subscriptions.join(LOCAL, request) as subscription, subscriptions.join(LOCAL, request):
        assert await count_executions(subscription, events) == len(events)
        assert await count_executions(subscription, events[10:]) == 0
        assert await count_executions(subscription, events[:10]) == 10
        large = [News(source_event=Article("large"))] * 2
        assert await count_executions(subscription, large, "x" * (MAX_CACHED_PAYLOAD + 1)) == 2


async def test_nothing_is_cached_for_a_single_client_or_kept_after_the_last_one() -> None:
    event = [News(source_event=Article("news"))]
    subscriptions, request = SharedSubscriptions(), GraphQLRequest(NEWS, {"a": 1})
    with subscriptions.join(LOCAL, request) as subscription:
        assert await count_executions(subscription, event * 2) == 2
    assert len(subscriptions) == 0


async def test_variables_with_half_a_surrogate_pair_are_compared_like_others() -> None:
    subscriptions = SharedSubscriptions()
    with (
        subscriptions.join(LOCAL, GraphQLRequest(NEWS, {"a": "\ud83d"})) as first,
        subscriptions.join(LOCAL, GraphQLRequest(NEWS, {"a": "\ud83d"})) as same,
        subscriptions.join(LOCAL, GraphQLRequest(NEWS, {"a": "\ud83e"})) as other,
    ):
        assert first is same
        assert first is not other
