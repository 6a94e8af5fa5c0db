"""Fetching a URL without being led astray: only http and https, bounded in size, time and redirects.

Private, loopback and link-local addresses are refused unless allowed. The address is checked where the connection is made,
after every redirect and on the very answer of the name server that is then used, so that a name cannot change its mind
between the check and the connection.
"""

import asyncio
import hashlib
import ipaddress
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from records.document import ReceivedFile
from records.errors import InvalidInput, TooLarge

REDIRECTS = 5
SECONDS = 600.0
"""For the whole of a file."""
SILENCE = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 10.0}
"""Seconds until an address that says nothing is given up."""
HEADERS: dict[str | bytes, str | bytes] = {"User-Agent": "Graphlore", "Accept": "*/*", "Accept-Encoding": "identity"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
FIELD = "source.url"


class AddressRefused(InvalidInput):
    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is an address of this machine or network, which is not fetched from.", field=FIELD)


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system finds them. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether it is one of the whole internet; an IPv4 address that is wrapped into one of IPv6 counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (ip, *_wrapped(ip)))


def _wrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv6Address):
        inside = (ip.ipv4_mapped, ip.sixtofour, ip.teredo[1] if ip.teredo else None)
        yield from (each for each in inside if each is not None)
        if ip in _NAT64:
            yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)


class CheckedNetwork(AsyncNetworkBackend):
    """Resolves a name once, refuses addresses that are not public, and connects to those that were checked alone."""

    def __init__(self, allow_private: bool, resolve: Resolve, network: AsyncNetworkBackend) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the name that the interface gives it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        addresses = await self._checked(host, port)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as cause:
            raise InvalidInput(f"There is no host called {host}.", field=FIELD) from cause
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused(host)
        return addresses

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Fetcher:
    def __init__(
        self,
        incoming: Path,
        max_bytes: int,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        network: AsyncNetworkBackend | None = None,
    ) -> None:
        """`network` is what connects to addresses that were checked; the system's own where it is None."""
        self._incoming = incoming
        self._max_bytes = max_bytes
        self._checked = CheckedNetwork(allow_private, resolve, network or httpcore.AnyIOBackend())

    async def fetch(self, url: str) -> tuple[ReceivedFile, str]:
        """The file and the address that it came from in the end.

        Raises `InvalidInput` for an address that is refused or does not answer with a file, `TooLarge` beyond the limit.
        """
        try:
            async with asyncio.timeout(SECONDS):
                return await self._fetch(url)
        except TimeoutError as cause:
            raise InvalidInput(f"The address took longer than {SECONDS:.0f} seconds.", field=FIELD) from cause
        except httpcore.TimeoutException as cause:
            raise InvalidInput("The address does not answer.", field=FIELD) from cause
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as cause:
            raise InvalidInput("The address could not be reached.", field=FIELD) from cause

    async def _fetch(self, url: str) -> tuple[ReceivedFile, str]:
        async with httpcore.AsyncConnectionPool(network_backend=self._checked) as pool:
            for _ in range(REDIRECTS + 1):
                _check_address(url)
                async with pool.stream("GET", url, headers=HEADERS, extensions={"timeout": SILENCE}) as response:
                    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                    target = headers.get(b"location")
                    if response.status in (301, 302, 303, 307, 308) and target:
                        url = urljoin(url, target)
                        continue
                    if response.status != 200:
                        raise InvalidInput(f"The address answered with status {response.status}.", field=FIELD)
                    return await self._receive(response, _name(url)), url
        raise InvalidInput(f"The address led through more than {REDIRECTS} others.", field=FIELD)

    async def _receive(self, response: httpcore.Response, name: str) -> ReceivedFile:
        path = self._incoming / f"{uuid.uuid4().hex}.part"
        digest = hashlib.sha256()
        size = 0
        file = await asyncio.to_thread(path.open, "xb")
        try:
            async for block in response.aiter_stream():
                size += len(block)
                if size > self._max_bytes:
                    raise TooLarge(f"The file has more than {self._max_bytes:,} bytes.", self._max_bytes, field=FIELD)
                digest.update(block)
                await asyncio.to_thread(file.write, block)
        except BaseException:
            path.unlink(missing_ok=True)  # at once: a task that is canceled cannot wait for a thread
            raise
        finally:
            await asyncio.to_thread(file.close)
        return ReceivedFile(path, name, size, digest.hexdigest())


def _name(url: str) -> str:
    """The last part of its path, or the host where there is none."""
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rsplit("/", 1)[-1]) or parts.netloc


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise InvalidInput("This is no address.", field=FIELD) from None
    if parts.scheme not in ("http", "https") or not is_whole:
        raise InvalidInput("Only http and https addresses are fetched.", field=FIELD)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("An address with a name and a password in it is not fetched: it would be kept.", field=FIELD)
