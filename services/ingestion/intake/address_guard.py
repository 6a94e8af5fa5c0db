"""Protection of the server's network from `importDocument`: connections are made to public addresses only.

Addresses are checked when a connection is made, also after each redirect. The host name is resolved once, and the addresses
that were checked are used for the connection. A host can therefore not change its address between check and connection.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import anyio
import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from records.errors import InvalidInput

FIELD = "source.url"
"""The argument that errors name."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host name and a port to addresses. Raises `OSError` for an unknown name."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(InvalidInput):
    """The host has an address of this machine or of its network."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is on this machine or in its network, from where nothing is fetched. An administrator can allow it "
            "with GRAPHLORE_IMPORT_PRIVATE_ADDRESSES.",
            field=FIELD,
        )


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses to which the system resolves a host name. Raises `OSError` if it cannot be resolved."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Return whether an address is reachable on the internet. An IPv4 address inside an IPv6 address is checked too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (ip, *_embedded_addresses(ip)))


def _embedded_addresses(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = (ip.ipv4_mapped, ip.sixtofour, ip.teredo[1] if ip.teredo else None)
        yield from (each for each in embedded if each is not None)
        if ip in _NAT64:
            yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)


class GuardedNetwork(AsyncNetworkBackend):
    """A network backend that resolves each host name once and connects to checked addresses only."""

    def __init__(self, resolve: Resolve, network: AsyncNetworkBackend, *, allow_private: bool) -> None:
        """`network` connects to the checked addresses. `allow_private` permits addresses that are not public."""
        self._resolve = resolve
        self._network = network
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the parameter's name in the interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers. Raises `AddressRefused` if any address of the host is not public."""
        addresses = await self._checked_addresses(host, port)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def _checked_addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as cause:
            raise InvalidInput(f"The host {host} is unknown. Check the address.", field=FIELD) from cause
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused(host)
        return addresses

    async def sleep(self, seconds: float) -> None:
        """Wait before a retry of the connection pool."""
        await self._network.sleep(seconds)
