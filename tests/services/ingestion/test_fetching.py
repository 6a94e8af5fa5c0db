"""Importing from an address: what is fetched, and what nobody can make the server fetch."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import pytest
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from records.errors import InvalidInput, TooLarge
from services.ingestion.fetching import REDIRECTS, AddressRefused, Fetcher, is_public

PUBLIC, OTHER_PUBLIC = "93.184.216.34", "1.1.1.1"
MOST = 10_000


@dataclass
class World:
    """Name servers that answer from a table, and a network in which every address is one small server."""

    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    "The answers to come, one for each question; the last one stays."
    pages: dict[str, bytes] = field(default_factory=dict)
    "Whole HTTP answers by path."
    connected: list[str] = field(default_factory=list)
    port: int = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if host not in self.names:
            raise OSError("unknown host")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(self.pages[request.split()[1].decode()])
        await writer.drain()
        writer.close()


class Wires(AsyncNetworkBackend):
    """Leads every connection to the one server, and notes where it was to lead."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        self._world.connected.append(host)
        if host == OTHER_PUBLIC:
            raise httpcore.ConnectError("nobody there")
        return await self._network.connect_tcp("127.0.0.1", self._world.port, timeout)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


@asynccontextmanager
async def opened(folder: Path, world: World, **settings: Any) -> AsyncIterator[Fetcher]:
    async with await asyncio.start_server(world.serve, "127.0.0.1", 0) as server:
        world.port = server.sockets[0].getsockname()[1]
        yield Fetcher(folder, MOST, resolve=world.resolve, network=Wires(world), **settings)


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
    world = World({"papers.example": [[PUBLIC]]}, {"/a%20paper.txt": page(b"All about bolts.")})
    async with opened(tmp_path, world) as fetcher:
        file, address = await fetcher.fetch("http://papers.example/a%20paper.txt")
    assert (file.filename, file.byte_size, file.path.read_bytes()) == ("a paper.txt", 16, b"All about bolts.")
    assert address == "http://papers.example/a%20paper.txt"
    assert world.connected == [PUBLIC]


async def test_where_one_address_of_a_host_is_silent_the_next_is_tried(tmp_path: Path) -> None:
    world = World({"papers.example": [[OTHER_PUBLIC, PUBLIC]]}, {"/a": page(b"All about bolts.")})
    async with opened(tmp_path, world) as fetcher:
        await fetcher.fetch("http://papers.example/a")
    assert world.connected == [OTHER_PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a01:203",
        "2002:7f00:1::1",
    ],
)  # fmt: skip
async def test_no_address_of_this_machine_or_network_is_connected_to(tmp_path: Path, address: str) -> None:
    assert not is_public(address)
    world = World({"inside.example": [[PUBLIC, address]]}, {"/": page(b"secret")})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(AddressRefused):
            await fetcher.fetch("http://inside.example/")
    assert world.connected == [], "not even to the public one: who answers with both means no good"


async def test_addresses_of_the_internet_are_public() -> None:
    assert all(map(is_public, (PUBLIC, OTHER_PUBLIC, "2606:4700:4700::1111", "64:ff9b::101:101")))


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/secret", "http://inside.example/secret", "//inside.example/secret"]
)
async def test_a_redirect_to_the_inside_is_refused(tmp_path: Path, target: str) -> None:
    names: dict[str, list[Sequence[str]]] = {
        "papers.example": [[PUBLIC]], "inside.example": [["10.0.0.1"]], "127.0.0.1": [["127.0.0.1"]]
    }  # fmt: skip
    world = World(names, {"/a": redirect(target), "/secret": page(b"secret")})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(AddressRefused):
            await fetcher.fetch("http://papers.example/a")
    assert world.connected == [PUBLIC]


async def test_a_name_that_changes_its_mind_is_checked_each_time(tmp_path: Path) -> None:
    """First public, then inside: the second connection asks again, and connects to nothing that was not checked."""
    world = World({"papers.example": [[PUBLIC], ["127.0.0.1"]]}, {"/a": redirect("/b"), "/b": page(b"secret")})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(AddressRefused):
            await fetcher.fetch("http://papers.example/a")
    assert world.connected == [PUBLIC]


async def test_inside_addresses_are_fetched_where_that_is_allowed(tmp_path: Path) -> None:
    world = World({"wiki.local": [["10.0.0.1"]]}, {"/a": page(b"All about bolts.")})
    async with opened(tmp_path, world, allow_private=True) as fetcher:
        file, _ = await fetcher.fetch("http://wiki.local/a")
    assert file.byte_size == 16


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://papers.example/a", "http:///a", "gopher://papers.example/", "papers.example/a",
        "http://papers.example:99999/", "http://[::1/", "http://user:secret@papers.example/a",
    ],
)  # fmt: skip
async def test_only_whole_web_addresses_without_passwords_are_fetched(tmp_path: Path, url: str) -> None:
    world = World({"papers.example": [[PUBLIC]]})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(InvalidInput):
            await fetcher.fetch(url)
    assert world.connected == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://user:secret@papers.example/b"])
async def test_a_redirect_is_held_to_the_same(tmp_path: Path, target: str) -> None:
    world = World({"papers.example": [[PUBLIC]]}, {"/a": redirect(target)})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(InvalidInput):
            await fetcher.fetch("http://papers.example/a")
    assert world.connected == [PUBLIC]


async def test_redirects_are_counted(tmp_path: Path) -> None:
    world = World({"papers.example": [[PUBLIC]]}, {"/a": redirect("/a")})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(InvalidInput, match=str(REDIRECTS)):
            await fetcher.fetch("http://papers.example/a")
    assert len(world.connected) == REDIRECTS + 1


async def test_a_file_above_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    world = World({"papers.example": [[PUBLIC]]}, {"/a": page(b"x" * (MOST + 1))})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(TooLarge):
            await fetcher.fetch("http://papers.example/a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (page(b"gone", "404 Not Found"), "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off", "could not be reached"),
        (b"this is no HTTP\r\n\r\n", "could not be reached"),
    ],
    ids=["a refusal", "a file that is cut off", "another protocol"],
)
async def test_what_is_no_whole_file_is_refused_and_leaves_nothing(tmp_path: Path, answer: bytes, message: str) -> None:
    world = World({"papers.example": [[PUBLIC]]}, {"/a": answer})
    async with opened(tmp_path, world) as fetcher:
        with pytest.raises(InvalidInput, match=message):
            await fetcher.fetch("http://papers.example/a")
    assert list(tmp_path.iterdir()) == []


async def test_an_unknown_host_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path, World()) as fetcher:
        with pytest.raises(InvalidInput, match=r"nobody\.example"):
            await fetcher.fetch("http://nobody.example/")
