"""The HTTP server: sockets are bound before it starts, and its stop waits for requests in flight."""

import socket

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.transport.conftest import running_server
from transport import AddressUnusable, HTTPServer, bind_sockets, close_sockets
from transport.http_server import format_address


def ports(sockets: list[socket.socket]) -> set[int]:
    return {each.getsockname()[1] for each in sockets}


def test_port_zero_selects_one_free_port_for_all_addresses_of_a_host() -> None:
    sockets = bind_sockets("localhost", 0)
    assert len(ports(sockets)) == 1
    assert ports(sockets) != {0}
    close_sockets(sockets)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_a_bound_socket_refuses_connections_until_it_listens(host: str) -> None:
    sockets = bind_sockets(host, 0)
    for bound in sockets:
        with pytest.raises(ConnectionRefusedError), socket.socket(bound.family) as client:
            client.connect(bound.getsockname())
    close_sockets(sockets)


def test_a_port_in_use_is_unusable_and_leaves_no_socket_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnusable, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            bind_sockets("127.0.0.1", port)
    close_sockets(bind_sockets("127.0.0.1", port))


@pytest.mark.parametrize(("host", "reason"), [("no-such-host.invalid", "."), ("192.0.2.1", "Cannot assign")])
def test_an_unknown_host_is_unusable(host: str, reason: str) -> None:
    with pytest.raises(AddressUnusable, match=rf"cannot listen on {host}:8000: .*{reason}"):
        bind_sockets(host, 8000)


def test_an_address_is_formatted_as_a_url() -> None:
    for host, expected in (("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")):
        (bound,) = bind_sockets(host, 0)
        assert format_address(bound) == f"{expected}{bound.getsockname()[1]}"
        bound.close()


async def test_a_port_that_another_server_took_before_the_start_is_unusable() -> None:
    first, second = bind_sockets("127.0.0.1", 0), None
    second = bind_sockets("127.0.0.1", first[0].getsockname()[1])
    first[0].listen()
    with pytest.raises(AddressUnusable, match="already in use"):
        await HTTPServer(Starlette()).serve(second)
    close_sockets([*first, *second])


class SlowApp:
    """An application with a route that responds when it is released."""

    def __init__(self) -> None:
        self.begun, self.released = anyio.Event(), anyio.Event()
        self.app = Starlette(routes=[Route("/", self.respond)])

    async def respond(self, _: Request) -> Response:
        self.begun.set()
        await self.released.wait()
        return PlainTextResponse("done")


async def test_a_stop_waits_for_requests_in_flight() -> None:
    slow, responses = SlowApp(), list[httpx.Response]()

    async def request(address: str) -> None:
        async with httpx.AsyncClient() as client:
            responses.append(await client.get(f"http://{address}/"))

    async with anyio.create_task_group() as tasks, running_server(slow.app) as (server, address):
        tasks.start_soon(request, address)
        await slow.begun.wait()
        server.stop()
        await anyio.sleep(0.3)
        assert responses == []
        slow.released.set()
    assert [response.text for response in responses] == ["done"]


async def test_a_second_stop_cancels_requests_in_flight() -> None:
    slow = SlowApp()

    async def request(address: str) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            assert (await client.get(f"http://{address}/")).status_code == 500

    async with anyio.create_task_group() as tasks, running_server(slow.app, timeout_graceful_shutdown=60) as running:
        server, address = running
        tasks.start_soon(request, address)
        await slow.begun.wait()
        server.stop()
        await anyio.sleep(0.3)
        server.stop()
