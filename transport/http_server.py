"""The uvicorn server, with sockets that are bound beforehand and without uvicorn's own signal handlers."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from transport.websocket.uvicorn_protocol import WEBSOCKET_OPTIONS

GRACEFUL_SECONDS = 4
"""Seconds in which requests in flight must end after a stop. The whole server stops within ten seconds."""
_UNAVAILABLE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

log = structlog.stdlib.get_logger("graphlore")


class AddressUnusable(Exception):
    """The server cannot listen on an address; the message names the address and the reason."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(f"The server cannot listen on {address}: {error.strerror or error}.")


class HTTPServer(uvicorn.Server):
    """Serves one application until `should_exit` is set. Checked against uvicorn 0.54.

    The application has no lifespan: its components are opened before the server and closed after it. Signals are handled
    by the caller.
    """

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "timeout_graceful_shutdown": GRACEFUL_SECONDS,
        }
        super().__init__(uvicorn.Config(app, **(defaults | WEBSOCKET_OPTIONS | options)))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on the sockets. Raises `AddressUnusable` if that fails for one of them."""
        addresses = [format_address(each) for each in sockets or ()]
        try:
            await super().startup(sockets)
        except OSError as error:
            raise AddressUnusable(", ".join(addresses), error) from error
        log.info("listening", addresses=addresses)

    def stop(self) -> None:
        """Stop accepting connections; requests in flight are completed. A second call cancels these requests."""
        if self.should_exit:
            self.force_exit = True
            for task in self.server_state.tasks:
                task.cancel()
        self.should_exit = True


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of the event loop that uvicorn prefers: uvloop, if it is installed. None means asyncio's."""
    return uvicorn.Config("", log_config=None).get_loop_factory()


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to each address of `host`. With port 0, all of them get the same free port.

    Connections are refused until the sockets listen.

    Raises `AddressUnusable` if the host is unknown, and if the port is in use or reserved.
    """
    try:
        return _bind_all(host, port)
    except OSError as error:
        raise AddressUnusable(f"{host}:{port}", error) from error


def _bind_all(host: str, port: int) -> list[socket.socket]:
    addresses = socket.getaddrinfo(host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    unavailable: OSError | None = None
    try:
        for family, _, protocol, _, address in dict.fromkeys(addresses):
            free_or_given = bound[0].getsockname()[1] if bound else port
            try:
                bound.append(_bind(family, protocol, (address[0], free_or_given, *address[2:])))
            except OSError as error:
                if error.errno not in _UNAVAILABLE:
                    raise
                unavailable = error  # the machine may not support all of the families, such as IPv6
    except BaseException:
        close_sockets(bound)
        raise
    if not bound:
        assert unavailable is not None, "getaddrinfo returns at least one address"
        raise unavailable
    return bound


def _bind(family: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


def close_sockets(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def format_address(bound: socket.socket) -> str:
    """Return the URL of a bound socket, such as `http://127.0.0.1:8000`."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"
