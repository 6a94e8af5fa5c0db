"""GraphQL over WebSocket by the protocol graphql-transport-ws."""

import asyncio

import anyio
import pytest
from structlog.testing import capture_logs

from records.configuration import Limits
from tests.transport.conftest import Serve
from tests.transport.probe import Probe
from tests.transport.websocket.client import Socket, open_socket


async def test_a_subscription_streams_its_events_and_completes(socket: Socket) -> None:
    await socket.subscribe("1", "subscription ($to: Int!) { count(to: $to) }", to=3)
    assert await socket.until_complete("1") == [{"data": {"count": n}} for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("operation", "data"),
    [("{ greeting }", {"greeting": "Hello, world!"}), ('mutation { rename(title: "x") }', {"rename": "x"})],
)
async def test_queries_and_mutations_are_executed_over_a_socket(socket: Socket, operation: str, data: object) -> None:
    await socket.subscribe("1", operation)
    (payload,) = await socket.until_complete("1")
    assert payload["data"] == data


async def test_an_id_can_be_used_again_after_its_operation(socket: Socket) -> None:
    for _ in range(3):
        await socket.subscribe("same", "{ greeting }")
        assert len(await socket.until_complete("same")) == 1


async def test_pings_are_answered_before_and_after_the_initialisation(address: str) -> None:
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
        ("subscription { notFound }", "NOT_FOUND"),
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


async def test_an_expected_failure_of_a_stream_ends_it_with_its_code(socket: Socket) -> None:
    await socket.subscribe("1", "subscription { vanishing }")
    event, (error,) = await socket.until_complete("1")
    assert event == {"data": {"vanishing": 1}}
    assert error == {"message": "There is no book with this id.", "extensions": {"code": "NOT_FOUND"}}


async def test_an_unexpected_failure_of_a_stream_is_masked_and_logged(socket: Socket) -> None:
    with capture_logs() as logged:
        await socket.subscribe("1", "subscription { breaking }")
        _, (error,) = await socket.until_complete("1")
    assert error["extensions"]["code"] == "INTERNAL"
    assert "swordfish" not in str(error)
    assert [line["incident"] for line in logged if "incident" in line] == [error["extensions"]["id"]]


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
async def test_an_invalid_frame_closes_the_socket_with_4400(socket: Socket, frame: str | bytes) -> None:
    await socket.send(frame)
    assert await socket.close_code() == 4400


@pytest.mark.parametrize("frame", ["5", '{"type": "connection_init", "payload": 5}', b"x"])
async def test_an_invalid_first_frame_closes_the_socket_with_4400(address: str, frame: str | bytes) -> None:
    async with open_socket(address) as socket:
        await socket.send(frame)
        assert await socket.close_code() == 4400


async def test_an_operation_before_the_initialisation_closes_the_socket_with_4401(address: str) -> None:
    async with open_socket(address) as socket:
        await socket.subscribe("1", "{ greeting }")
        assert await socket.close_code() == 4401


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"]])
async def test_another_protocol_closes_the_socket_with_4406(address: str, protocols: list[str] | None) -> None:
    async with open_socket(address, subprotocols=protocols) as socket:
        assert await socket.close_code() == 4406


async def test_a_missing_initialisation_closes_the_socket_with_4408(serve: Serve) -> None:
    async with serve(init_seconds=0.05) as address, open_socket(address) as socket:
        assert await socket.close_code() == 4408


async def test_an_id_that_is_in_use_closes_the_socket_with_4409(socket: Socket, probe: Probe) -> None:
    await socket.subscribe("1", "subscription { silence }")
    await socket.subscribe("1", "subscription { silence }")
    assert await socket.close_code() == 4409
    await probe.until_open_streams(0)


@pytest.mark.parametrize("own", ["1", "🦉" * 64])
async def test_a_long_close_reason_is_truncated(socket: Socket, own: str) -> None:
    await socket.subscribe(own, "subscription { silence }")
    await socket.subscribe(own, "subscription { silence }")
    code, reason = await socket.close_code_and_reason()
    assert code == 4409
    assert f"Subscriber for {own} already exists".startswith(reason)
    assert len(reason.encode()) > 20


async def test_a_value_that_json_cannot_represent_is_an_error_of_its_operation(socket: Socket) -> None:
    await socket.subscribe("1", "{ anything }")
    (payload,) = await socket.until_complete("1")
    assert payload["data"] is None
    assert payload["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_pings_do_not_extend_the_time_for_the_initialisation(serve: Serve) -> None:
    async with serve(init_seconds=0.2) as address, open_socket(address) as socket:
        for _ in range(3):
            await socket.send({"type": "ping"})
            assert await socket.receive() == {"type": "pong"}
        assert await socket.close_code_and_reason() == (4408, "The connection was not initialised in time.")


async def test_a_second_initialisation_closes_the_socket_with_4429(socket: Socket) -> None:
    await socket.send({"type": "connection_init"})
    assert await socket.close_code() == 4429


async def test_a_message_that_is_too_big_closes_the_socket(socket: Socket) -> None:
    await socket.send({"type": "ping", "payload": {"x": "y" * (1 << 20)}})
    assert await socket.close_code() == 1009


async def test_an_operation_above_the_limit_is_rejected_and_the_others_continue(serve: Serve, probe: Probe) -> None:
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


async def test_a_stream_is_closed_when_its_client_completes_it(socket: Socket, probe: Probe) -> None:
    await socket.subscribe("1", "subscription { silence }")
    await probe.until_open_streams(1)
    await socket.send({"type": "complete", "id": "1"})
    await probe.until_open_streams(0)
    await socket.subscribe("1", "{ greeting }")
    assert len(await socket.until_complete("1")) == 1


async def test_aborted_sockets_leave_no_operation_running(address: str, probe: Probe) -> None:
    for _ in range(20):
        async with open_socket(address) as socket:
            await socket.initialise()
            await socket.subscribe("1", "subscription { silence }")
            await socket.subscribe("2", "subscription { forever(size: 100000) }")
            await socket.receive()
            assert running_operations()
            socket.connection.transport.abort()
    await probe.until_open_streams(0)
    while running_operations():
        await anyio.sleep(0)
    assert probe.open_streams == 0


def running_operations() -> int:
    """Return the number of tasks of operations that have not ended."""
    return sum(task.get_name().endswith("._run_operation") for task in asyncio.all_tasks())


async def test_a_stream_is_not_read_faster_than_its_client_reads(address: str, probe: Probe) -> None:
    async with open_socket(address, max_queue=1, compression=None) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { forever(size: 1000000) }")
        last = -1
        while last != probe.events:  # until the buffers of both ends are full
            last = probe.events
            await anyio.sleep(0.3)
        assert last < 50
        for _ in range(last + 10):
            await socket.receive()
        assert probe.events > last
        socket.connection.transport.abort()  # a close frame would wait behind the bytes in the buffers
