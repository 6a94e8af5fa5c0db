"""GraphQL over WebSocket, as the protocol graphql-transport-ws says."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from records.settings import Limits
from tests.transport.conftest import Serve
from tests.transport.library import Shelf
from tests.transport.sockets import Socket, open_socket


@pytest.fixture
async def address(serve: Serve) -> AsyncIterator[str]:
    async with serve() as opened:
        yield opened


@pytest.fixture
async def socket(address: str) -> AsyncIterator[Socket]:
    async with open_socket(address) as opened:
        await opened.initialise()
        yield opened


async def test_a_subscription_streams_its_events_and_completes(socket: Socket) -> None:
    await socket.subscribe("1", "subscription ($to: Int!) { count(to: $to) }", to=3)
    assert await socket.until_complete("1") == [{"data": {"count": n}} for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("operation", "data"),
    [("{ greeting }", {"greeting": "Hello, world!"}), ('mutation { rename(title: "x") }', {"rename": "x"})],
)
async def test_queries_and_mutations_run_over_the_socket_too(socket: Socket, operation: str, data: object) -> None:
    await socket.subscribe("1", operation)
    (payload,) = await socket.until_complete("1")
    assert payload["data"] == data


async def test_an_id_can_be_used_again_once_its_operation_is_complete(socket: Socket) -> None:
    for _ in range(3):
        await socket.subscribe("same", "{ greeting }")
        assert len(await socket.until_complete("same")) == 1


async def test_pings_are_answered_before_and_after_the_introduction(address: str) -> None:
    async with open_socket(address) as socket:
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        await socket.initialise()
        await socket.send({"type": "ping", "payload": {"at": 1}})
        assert await socket.receive() == {"type": "pong", "payload": {"at": 1}}
        await socket.send({"type": "pong"})
        await socket.subscribe("1", "{ greeting }")
        assert len(await socket.until_complete("1")) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothingThere }", "NOT_FOUND"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription ($to: Int!) { count(to: $to) }", "BAD_USER_INPUT"),
        ("query A { greeting } query B { greeting }", "BAD_REQUEST"),
        ("{ " + "greeting " * 21 + "}", "TOO_LARGE"),
    ],
)
async def test_an_operation_that_cannot_begin_gets_an_error_frame(socket: Socket, query: str, code: str) -> None:
    await socket.subscribe("1", query)
    frame = await socket.receive()
    assert (frame["type"], frame["id"]) == ("error", "1")
    assert frame["payload"][0]["extensions"]["code"] == code


async def test_a_stream_that_fails_as_expected_ends_with_the_code(socket: Socket) -> None:
    await socket.subscribe("1", "subscription { vanishing }")
    event, (error,) = await socket.until_complete("1")
    assert event == {"data": {"vanishing": 1}}
    assert error == {"message": "There is no book with this id.", "extensions": {"code": "NOT_FOUND"}}


async def test_a_stream_that_fails_by_surprise_is_masked_and_logged(socket: Socket) -> None:
    with capture_logs() as logged:
        await socket.subscribe("1", "subscription { breaking }")
        _, (error,) = await socket.until_complete("1")
    assert error["extensions"]["code"] == "INTERNAL"
    assert "swordfish" not in str(error)
    assert [line["id"] for line in logged if line["event"] == "unexpected"] == [error["extensions"]["id"]]


async def test_every_operation_and_every_event_has_a_context_of_its_own(socket: Socket) -> None:
    await socket.subscribe("1", "subscription { events { contextNumber } }")
    numbers = [payload["data"]["events"]["contextNumber"] for payload in await socket.until_complete("1")]
    await socket.subscribe("2", "{ contextNumber again: contextNumber }")
    (payload,) = await socket.until_complete("2")
    assert len({*numbers, payload["data"]["contextNumber"]}) == 3
    assert payload["data"]["contextNumber"] == payload["data"]["again"]


BAD_FRAMES = [
    "[1]",
    "5",
    "{",
    '"x"',
    "{}",
    '{"type": 5}',
    '{"type": "connection_ack"}',
    '{"type": "start", "id": "1", "payload": {"query": "{ greeting }"}}',
    '{"type": "ping", "payload": 5}',
    '{"type": "ping", "payload": ' + '{"x": ' * 80 + "5" + "}" * 81,
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": "' + "x" * 257 + '", "payload": {"query": "{ greeting }"}}',
    '{"type": "subscribe", "id": 5, "payload": {"query": "{ greeting }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ greeting }"}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ greeting }", "variables": []}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ greeting }", "operationName": 5}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ greeting }", "extensions": 5}}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "complete"}',
    '{"type": "complete", "id": 5}',
    b'{"type": "ping"}',
]


@pytest.mark.parametrize("frame", BAD_FRAMES)
async def test_a_frame_of_another_shape_closes_the_socket_with_4400(socket: Socket, frame: str | bytes) -> None:
    await socket.send(frame)
    assert await socket.closed_with() == 4400


@pytest.mark.parametrize("frame", ["5", '{"type": "connection_init", "payload": 5}', b"x"])
async def test_a_bad_first_frame_closes_the_socket_with_4400(address: str, frame: str | bytes) -> None:
    async with open_socket(address) as socket:
        await socket.send(frame)
        assert await socket.closed_with() == 4400


async def test_who_asks_before_the_introduction_is_closed_with_4401(address: str) -> None:
    async with open_socket(address) as socket:
        await socket.subscribe("1", "{ greeting }")
        assert await socket.closed_with() == 4401


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"]])
async def test_another_protocol_is_closed_with_4406(address: str, protocols: list[str] | None) -> None:
    async with open_socket(address, subprotocols=protocols) as socket:
        assert await socket.closed_with() == 4406


async def test_who_does_not_introduce_itself_is_closed_with_4408(serve: Serve) -> None:
    async with serve(init_seconds=0.05) as address, open_socket(address) as socket:
        assert await socket.closed_with() == 4408


async def test_an_id_that_is_in_use_closes_the_socket_with_4409(socket: Socket, shelf: Shelf) -> None:
    await socket.subscribe("1", "subscription { silence }")
    await socket.subscribe("1", "subscription { silence }")
    assert await socket.closed_with() == 4409
    await shelf.until_no_stream_is_open()


@pytest.mark.parametrize("own", ["1", "🦉" * 64])
async def test_why_a_socket_is_closed_is_said_as_far_as_there_is_room(socket: Socket, own: str) -> None:
    await socket.subscribe(own, "subscription { silence }")
    await socket.subscribe(own, "subscription { silence }")
    code, reason = await socket.closed_because()
    assert code == 4409
    assert f"Subscriber for {own} already exists".startswith(reason)
    assert len(reason.encode()) > 20


async def test_an_answer_that_json_has_no_place_for_is_an_error_of_its_operation(socket: Socket) -> None:
    await socket.subscribe("1", "{ anything }")
    (payload,) = await socket.until_complete("1")
    assert payload["data"] is None
    assert payload["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_pings_do_not_make_up_for_an_introduction(serve: Serve) -> None:
    async with serve(init_seconds=0.2) as address, open_socket(address) as socket:
        for _ in range(3):
            await socket.send({"type": "ping"})
            assert await socket.receive() == {"type": "pong"}
        assert await socket.closed_because() == (4408, "The connection was not initialised in time.")


async def test_a_second_introduction_closes_the_socket_with_4429(socket: Socket) -> None:
    await socket.send({"type": "connection_init"})
    assert await socket.closed_with() == 4429


async def test_a_message_that_is_too_big_closes_the_socket(socket: Socket) -> None:
    await socket.send({"type": "ping", "payload": {"x": "y" * (1 << 20)}})
    assert await socket.closed_with() == 1009


async def test_an_operation_beyond_those_allowed_is_refused_and_the_others_live_on(serve: Serve, shelf: Shelf) -> None:
    limits = Limits(max_subscriptions_per_connection=2)
    async with serve(limits=limits) as address, open_socket(address) as socket:
        await socket.initialise()
        for own in ("1", "2", "3"):
            await socket.subscribe(own, "subscription { silence }")
        frame = await socket.receive()
        assert (frame["type"], frame["id"], frame["payload"][0]["extensions"]["code"]) == ("error", "3", "BUSY")
        await socket.send({"type": "complete", "id": "1"})
        await socket.subscribe("4", "{ greeting }")
        assert len(await socket.until_complete("4")) == 1


async def test_a_stream_is_closed_when_its_client_has_enough(socket: Socket, shelf: Shelf) -> None:
    await socket.subscribe("1", "subscription { silence }")
    while not shelf.open_streams:
        await shelf.changed.wait()
    await socket.send({"type": "complete", "id": "1"})
    await shelf.until_no_stream_is_open()
    await socket.subscribe("1", "{ greeting }")
    assert len(await socket.until_complete("1")) == 1


async def test_sockets_that_are_cut_off_leave_nothing_behind(address: str, shelf: Shelf) -> None:
    for _ in range(20):
        async with open_socket(address) as socket:
            await socket.initialise()
            await socket.subscribe("1", "subscription { silence }")
            await socket.subscribe("2", "subscription { forever(size: 100000) }")
            await socket.receive()
            assert operating()
            socket.connection.transport.abort()
    await shelf.until_no_stream_is_open()
    while operating():
        await asyncio.sleep(0)
    assert shelf.open_streams == 0


def operating() -> int:
    """Tasks of operations that have not ended."""
    return sum(getattr(task.get_coro(), "__name__", "") == "_operate" for task in asyncio.all_tasks())


async def test_a_stream_is_not_read_faster_than_its_client_reads(address: str, shelf: Shelf) -> None:
    async with open_socket(address, max_queue=1, compression=None) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { forever(size: 1000000) }")
        last = -1
        while last != shelf.pulled:  # until the buffers of both ends are full
            last = shelf.pulled
            await asyncio.sleep(0.3)
        assert last < 50
        for _ in range(last + 10):
            await socket.receive()
        assert shelf.pulled > last
        socket.connection.transport.abort()  # a farewell would wait behind what is in the buffers
