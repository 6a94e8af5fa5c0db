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
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from records.document import ReceivedFile
from records.errors import ExpectedError, InvalidInput, TooLarge

REDIRECTS = 5
SECONDS = 60.0
WHERE = ("input", "source", "url")


class AddressRefused(InvalidInput):
    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is an address of this machine or network, which is not fetched from.", path=WHERE)


class CheckedNetwork(AsyncNetworkBackend):
    """Resolves a name once, refuses addresses that are not public, and connects to the very address that was checked."""

    def __init__(self, allow_private: bool) -> None:
        self._network = httpcore.AnyIOBackend()
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the name that the interface gives it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as cause:
            raise InvalidInput(f"There is no host called {host}.", path=WHERE) from cause
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(ipaddress.ip_address(address).is_global for address in addresses):
            raise AddressRefused(host)
        return await self._network.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Fetcher:
    def __init__(self, incoming: Path, max_bytes: int, allow_private: bool = False) -> None:
        self._incoming = incoming
        self._max_bytes = max_bytes
        self._allow_private = allow_private

    async def fetch(self, url: str) -> tuple[ReceivedFile, str]:
        """The file and the address that it came from in the end.

        Raises `InvalidInput` for an address that is refused or does not answer with a file, `TooLarge` beyond the limit.
        """
        try:
            async with asyncio.timeout(SECONDS):
                return await self._fetch(url)
        except TimeoutError as cause:
            raise InvalidInput(f"The address took longer than {SECONDS:.0f} seconds.", path=WHERE) from cause
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as cause:
            raise InvalidInput("The address could not be reached.", path=WHERE) from cause

    async def _fetch(self, url: str) -> tuple[ReceivedFile, str]:
        async with httpcore.AsyncConnectionPool(network_backend=CheckedNetwork(self._allow_private)) as pool:
            for _ in range(REDIRECTS + 1):
                _check_scheme(url)
                async with pool.stream("GET", url, headers={"User-Agent": "Graphlore", "Accept": "*/*"}) as response:
                    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                    target = headers.get(b"location")
                    if response.status in (301, 302, 303, 307, 308) and target:
                        url = urljoin(url, target)
                        continue
                    if response.status != 200:
                        raise InvalidInput(f"The address answered with status {response.status}.", path=WHERE)
                    name = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1] or urlsplit(url).netloc
                    return await self._receive(response, name), url
        raise InvalidInput(f"The address led through more than {REDIRECTS} others.", path=WHERE)

    async def _receive(self, response: httpcore.Response, name: str) -> ReceivedFile:
        path = self._incoming / f"{uuid.uuid4().hex}.part"
        digest = hashlib.sha256()
        size = 0
        file = await asyncio.to_thread(path.open, "xb")
        try:
            async for block in response.aiter_stream():
                size += len(block)
                if size > self._max_bytes:
                    raise TooLarge(f"The file has more than {self._max_bytes:,} bytes.", self._max_bytes, path=WHERE)
                digest.update(block)
                await asyncio.to_thread(file.write, block)
        except (ExpectedError, httpcore.NetworkError, httpcore.ProtocolError):
            await asyncio.to_thread(path.unlink)
            raise
        finally:
            await asyncio.to_thread(file.close)
        return ReceivedFile(path, name, size, digest.hexdigest())


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("Only http and https addresses are fetched.", path=WHERE)
