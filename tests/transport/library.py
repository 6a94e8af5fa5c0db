"""A small graph about books for the transport's tests, and an application that serves it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from strawberry.dataloader import DataLoader
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from records.document import ReceivedFile
from records.errors import NotFound
from records.settings import Limits
from services.ingestion import IncomingFiles
from tests.transport.news import News, Paper
from transport import TransportSettings, create_middleware, create_routes

Upload = NewType("Upload", ReceivedFile)


class UnexpectedCondition(Exception):
    """Nobody foresaw it; what it says must reach no client."""


@dataclass
class Shelf:
    """What the tests look at from outside: how often contexts were made, what streams are open, which files came."""

    contexts: int = 0
    open_streams: int = 0
    pulled: int = 0
    paper: Paper = field(default_factory=Paper)
    received: list[ReceivedFile] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    adopt: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until_no_stream_is_open(self) -> None:
        while self.open_streams:
            await self.changed.wait()


class Context:
    def __init__(self, shelf: Shelf) -> None:
        shelf.contexts += 1
        self.shelf = shelf
        self.loader: DataLoader[int, int] = DataLoader(self._load)
        self.number = shelf.contexts

    async def _load(self, keys: list[int]) -> list[int]:
        return [self.number for _ in keys]


async def number_of(context: Context) -> int:
    """Which context it is, through its loader."""
    return await context.loader.load(1)


@strawberry.type
class Author:
    name: str = "Ursula"

    @strawberry.field
    def books(self, first: int | None = None) -> list["Book"]:
        return [Book()]


@strawberry.type
class Book:
    title: str = "The Dispossessed"

    @strawberry.field
    def author(self) -> Author:
        return Author()

    @strawberry.field
    def tags(self) -> list[str]:
        return ["ambiguous", "utopia"]


@strawberry.type
class BookConnection:
    nodes: list[Book]
    total_count: int = 1


@strawberry.input
class SearchInput:
    words: str
    top_k: int | None = None


@strawberry.input(one_of=True)
class Source:
    text: strawberry.Maybe[str]
    url: strawberry.Maybe[str]


@strawberry.input
class FileInput:
    file: Upload
    name: str | None = None


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str = "world") -> str:
        return f"Hello, {name}!"

    @strawberry.field
    def books(self, first: int | None = None, last: int | None = None) -> BookConnection:
        return BookConnection(nodes=[Book()])

    @strawberry.field
    def search(self, input: SearchInput) -> list[Book]:
        return [Book()]

    @strawberry.field
    def anything(self) -> JSON:
        return JSON(1 << 70)

    @strawberry.field
    def broken(self) -> str | None:
        raise UnexpectedCondition("the password is swordfish")

    @strawberry.field
    def many_broken(self) -> list["Trap"]:
        return [Trap() for _ in range(50)]

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound("book", 7)

    @strawberry.field
    def refused(self) -> str | None:
        raise GraphQLError("This book may not be lent.", extensions={"code": "FORBIDDEN"})

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.Event().wait()
        return "never"

    @strawberry.field
    async def context_number(self, info: strawberry.Info) -> int:
        return await number_of(info.context)

    @strawberry.field
    def read(self, source: Source) -> str:
        return "read"


@strawberry.type
class Trap:
    @strawberry.field
    def spring(self) -> str | None:
        raise UnexpectedCondition("snap")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, title: str) -> str:
        return title

    @strawberry.mutation
    async def slowly(self) -> str:
        await asyncio.Event().wait()
        return "never"

    @strawberry.mutation
    async def add(self, info: strawberry.Info, input: FileInput) -> str:
        return await take(info.context.shelf, input.file)

    @strawberry.mutation
    async def add_many(self, info: strawberry.Info, files: list[Upload]) -> list[str]:
        return [await take(info.context.shelf, file) for file in files]


async def take(shelf: Shelf, file: ReceivedFile) -> str:
    shelf.received.append(file)
    shelf.contents.append(file.path.read_bytes())
    if shelf.adopt:
        file.path.rename(file.path.with_suffix(".kept"))
    return file.filename


@strawberry.type
class Event:
    @strawberry.field
    async def context_number(self, info: strawberry.Info) -> int:
        return await number_of(info.context)


async def numbers() -> AsyncGenerator[int, None]:
    yield 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def news(self, info: strawberry.Info) -> AsyncGenerator[News, None]:
        shelf: Shelf = info.context.shelf
        return shelf.paper.read()

    @strawberry.subscription
    async def count(self, info: strawberry.Info, to: int) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def forever(self, info: strawberry.Info, size: int = 1) -> AsyncGenerator[str, None]:
        shelf: Shelf = info.context.shelf
        shelf.open_streams += 1
        try:
            while True:
                shelf.pulled += 1
                yield "x" * size
                await asyncio.sleep(0)
        finally:
            shelf.open_streams -= 1
            shelf.tell()

    @strawberry.subscription
    async def silence(self, info: strawberry.Info) -> AsyncGenerator[int, None]:
        shelf: Shelf = info.context.shelf
        shelf.open_streams += 1
        shelf.tell()
        try:
            await asyncio.Event().wait()
            yield 1
        finally:
            shelf.open_streams -= 1
            shelf.tell()

    @strawberry.subscription
    async def breaking(self) -> AsyncGenerator[int, None]:
        yield 1
        raise UnexpectedCondition("the password is swordfish")

    @strawberry.subscription
    async def vanishing(self) -> AsyncGenerator[int, None]:
        yield 1
        raise NotFound("book", 7)

    @strawberry.subscription
    async def unborn(self) -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        return numbers()

    @strawberry.subscription
    async def nothing_there(self) -> AsyncGenerator[int, None]:
        raise NotFound("book", 7)
        yield 1

    @strawberry.subscription
    async def events(self) -> AsyncGenerator[Event, None]:
        yield Event()
        yield Event()


def read_upload(value: Any) -> ReceivedFile:
    if not isinstance(value, ReceivedFile):
        raise GraphQLError("A file is expected.")
    return value


SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(
        scalar_map={
            Upload: strawberry.scalar(name="Upload", serialize=str, parse_value=read_upload),
            JSON: strawberry.scalar(name="JSON", serialize=lambda value: value, parse_value=lambda value: value),
        }
    ),
)


def library(incoming: Path, shelf: Shelf | None = None, **settings: Any) -> Starlette:
    """An application of the transport alone."""
    kept = shelf or Shelf()

    def context(_: HTTPConnection) -> Context:
        return Context(kept)

    limit = settings.get("limits", Limits()).max_upload_bytes
    chosen = TransportSettings(incoming=IncomingFiles(incoming, limit), **settings)
    return Starlette(routes=create_routes(SCHEMA, context, chosen), middleware=create_middleware(chosen))
