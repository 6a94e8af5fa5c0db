"""Fetching of documents from the web, and addresses to which no connection is made."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpcore
import pytest
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from records.document import ReceivedFile
from records.errors import InvalidInput, TooLarge
from services.ingestion import Fetcher, IncomingFiles
from services.ingestion.intake.address_guard import AddressRefused, is_public
from services.ingestion.intake.fetching import MAX_REDIRECTS, MAX_SECONDS
from transport.execution.operations import TimeLimits

PUBLIC, OTHER_PUBLIC = "93.184.216.34", "1.1.1.1"
MAX_BYTES = 10_000


@dataclass
class FakeInternet:
    """Name servers that answer from a table, and one HTTP server, which stands for the servers at all addresses."""

    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    "The next answers for each host name; the last one is repeated."
    pages: dict[str, bytes] = field(default_factory=dict)
    "Complete HTTP responses by path."
    connected: list[str] = field(default_factory=list)
    "The addresses that were connected to."
    endless: bytes | None = None
    "Sent in place of a page; the connection then stays open."
    port: int = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if host not in self.names:
            raise OSError("unknown host")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def serve(self, stream: SocketStream) -> None:
        # A client that refuses the answer resets the connection.
        with suppress(anyio.BrokenResourceError):
            async with stream:
                request = await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", 65_536)
                await stream.send(self.pages[request.split()[1].decode()] if self.endless is None else self.endless)
                if self.endless is not None:
                    async for _ in stream:
                        pass


class FakeNetwork(AsyncNetworkBackend):
    """Connects every address to the server of a `FakeInternet`. `OTHER_PUBLIC` does not answer."""

    def __init__(self, internet: FakeInternet) -> None:
        self._internet = internet
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        self._internet.connected.append(host)
        if host == OTHER_PUBLIC:
            raise httpcore.ConnectError("no answer")
        return await self._network.connect_tcp("127.0.0.1", self._internet.port, timeout)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


@dataclass
class Client:
    """Fetches into a folder and returns the file with its bytes."""

    fetcher: Fetcher
    folder: Path

    async def fetch(self, url: str) -> tuple[ReceivedFile, bytes, str]:
        with IncomingFiles(self.folder, MAX_BYTES).receive("source.url") as file:
            received, address = await self.fetcher.fetch(url, file)
            return received, received.path.read_bytes(), address


@asynccontextmanager
async def opened(folder: Path, internet: FakeInternet, **settings: Any) -> AsyncIterator[Client]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, internet.serve)
        internet.port = listener.extra(SocketAttribute.local_port)
        yield Client(Fetcher(resolve=internet.resolve, network=FakeNetwork(internet), **settings), folder)
        group.cancel_scope.cancel()


def page(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def redirect(target: str) -> bytes:
    return page(b"", "302 Found", Location=target)


async def test_a_file_is_fetched_and_named_after_its_address(tmp_path: Path) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, {"/a%20paper.txt": page(b"All about bolts.")})
    async with opened(tmp_path, internet) as client:
        file, content, address = await client.fetch("http://papers.example/a%20paper.txt")
    assert (file.filename, file.byte_size, content) == ("a paper.txt", 16, b"All about bolts.")
    assert address == "http://papers.example/a%20paper.txt"
    assert internet.connected == [PUBLIC]


async def test_the_next_address_of_a_host_is_tried_if_one_does_not_answer(tmp_path: Path) -> None:
    internet = FakeInternet({"papers.example": [[OTHER_PUBLIC, PUBLIC]]}, {"/a": page(b"All about bolts.")})
    async with opened(tmp_path, internet) as client:
        await client.fetch("http://papers.example/a")
    assert internet.connected == [OTHER_PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a01:203",
        "2002:7f00:1::1",
    ],
)  # fmt: skip
async def test_a_host_with_a_private_address_is_not_connected_to(tmp_path: Path, address: str) -> None:
    assert not is_public(address)
    internet = FakeInternet({"inside.example": [[PUBLIC, address]]}, {"/": page(b"secret")})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(AddressRefused):
            await client.fetch("http://inside.example/")
    assert internet.connected == [], "its public address is not used either"


async def test_addresses_of_the_internet_are_public() -> None:
    assert all(map(is_public, (PUBLIC, OTHER_PUBLIC, "2606:4700:4700::1111", "64:ff9b::101:101")))


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/secret", "http://inside.example/secret", "//inside.example/secret"]
)
async def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path, target: str) -> None:
    names: dict[str, list[Sequence[str]]] = {
        "papers.example": [[PUBLIC]], "inside.example": [["10.0.0.1"]], "127.0.0.1": [["127.0.0.1"]]
    }  # fmt: skip
    internet = FakeInternet(names, {"/a": redirect(target), "/secret": page(b"secret")})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(AddressRefused):
            await client.fetch("http://papers.example/a")
    assert internet.connected == [PUBLIC]


async def test_a_host_name_is_resolved_and_checked_for_each_connection(tmp_path: Path) -> None:
    """DNS rebinding: the name server first answers with a public address, then with a private one."""
    internet = FakeInternet(
        {"papers.example": [[PUBLIC], ["127.0.0.1"]]}, {"/a": redirect("/b"), "/b": page(b"secret")}
    )
    async with opened(tmp_path, internet) as client:
        with pytest.raises(AddressRefused):
            await client.fetch("http://papers.example/a")
    assert internet.connected == [PUBLIC]


async def test_private_addresses_are_fetched_if_that_is_allowed(tmp_path: Path) -> None:
    internet = FakeInternet({"wiki.local": [["10.0.0.1"]]}, {"/a": page(b"All about bolts.")})
    async with opened(tmp_path, internet, allow_private=True) as client:
        file, _, _ = await client.fetch("http://wiki.local/a")
    assert file.byte_size == 16


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://papers.example/a", "http:///a", "gopher://papers.example/", "papers.example/a",
        "http://papers.example:99999/", "http://[::1/", "http://user:secret@papers.example/a",
    ],
)  # fmt: skip
async def test_an_incomplete_address_or_one_with_a_password_is_refused(tmp_path: Path, url: str) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(InvalidInput):
            await client.fetch(url)
    assert internet.connected == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://user:secret@papers.example/b"])
async def test_a_redirect_to_such_an_address_is_refused(tmp_path: Path, target: str) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, {"/a": redirect(target)})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(InvalidInput):
            await client.fetch("http://papers.example/a")
    assert internet.connected == [PUBLIC]


async def test_the_number_of_redirects_is_limited(tmp_path: Path) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, {"/a": redirect("/a")})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(InvalidInput, match=str(MAX_REDIRECTS)):
            await client.fetch("http://papers.example/a")
    assert len(internet.connected) == MAX_REDIRECTS + 1


async def test_a_file_above_the_limit_is_refused_and_removed(tmp_path: Path) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, {"/a": page(b"x" * (MAX_BYTES + 1))})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(TooLarge) as refusal:
            await client.fetch("http://papers.example/a")
    assert refusal.value.field == "source.url"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (page(b"gone", "404 Not Found"), "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off", "connection to this address failed"),
        (b"this is no HTTP\r\n\r\n", "connection to this address failed"),
    ],
    ids=["error status", "incomplete file", "another protocol"],
)
async def test_a_response_that_is_not_a_complete_file_is_refused_and_removed(
    tmp_path: Path, response: bytes, message: str
) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, {"/a": response})
    async with opened(tmp_path, internet) as client:
        with pytest.raises(InvalidInput, match=message):
            await client.fetch("http://papers.example/a")
    assert list(tmp_path.iterdir()) == []


async def test_an_unknown_host_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeInternet()) as client:
        with pytest.raises(InvalidInput, match=r"missing\.example"):
            await client.fetch("http://missing.example/")


async def test_a_file_that_does_not_arrive_in_time_is_refused_and_removed(tmp_path: Path) -> None:
    internet = FakeInternet({"papers.example": [[PUBLIC]]}, endless=b"HTTP/1.1 200 OK\r\n\r\nthe beginning of a file")
    async with opened(tmp_path, internet, max_seconds=0.2) as client:
        with pytest.raises(InvalidInput, match="did not arrive within"):
            await client.fetch("http://papers.example/a")
    assert list(tmp_path.iterdir()) == []


def test_fetching_ends_before_the_mutation_that_waits_for_it_is_stopped() -> None:
    assert TimeLimits().mutation > MAX_SECONDS
