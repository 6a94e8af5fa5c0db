"""A small graph about books for the tests of the transport, and an application that serves it."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NewType

import anyio
import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from strawberry.dataloader import DataLoader
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from records.access import Exchange, Viewer
from records.configuration import Limits
from records.document import ReceivedFile
from records.errors import NotFound
from services.ingestion import IncomingFiles
from tests.fakes.authentication import FakeAuthentication, make_contexts
from tests.transport.execution.news_feed import News
from tests.transport.probe import Probe
from transport import TransportSettings, create_middleware, create_routes

Upload = NewType("Upload", ReceivedFile)


class UnexpectedCondition(Exception):
    """An unexpected exception; its text must reach no client."""


class Context:
    def __init__(self, probe: Probe) -> None:
        probe.contexts += 1
        self.probe = probe
        self.loader: DataLoader[int, int] = DataLoader(self._load)
        self.number = probe.contexts

    async def _load(self, keys: list[int]) -> list[int]:
        return [self.number for _ in keys]


async def number_of(context: Context) -> int:
    """Return the number of the context, which its data loader has loaded."""
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
        await anyio.sleep_forever()
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
    async def slowly(self, info: strawberry.Info) -> str:
        with info.context.probe.counted():
            await anyio.sleep_forever()
        return "never"

    @strawberry.mutation
    async def erase(self, info: strawberry.Info) -> str:
        assert info.context.probe.erase is not None
        return str(await info.context.probe.erase())

    @strawberry.mutation
    async def add(self, info: strawberry.Info, input: FileInput) -> str:
        return await receive(info.context.probe, input.file)

    @strawberry.mutation
    async def add_many(self, info: strawberry.Info, files: list[Upload]) -> list[str]:
        return [await receive(info.context.probe, file) for file in files]


async def receive(probe: Probe, file: ReceivedFile) -> str:
    probe.received.append(file)
    probe.contents.append(file.path.read_bytes())
    if probe.keeps_files:
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
        probe: Probe = info.context.probe
        return probe.news_feed.read()

    @strawberry.subscription
    async def count(self, info: strawberry.Info, to: int) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def forever(self, info: strawberry.Info, size: int = 1) -> AsyncGenerator[str, None]:
        probe: Probe = info.context.probe
        with probe.counted():
            while True:
                probe.events += 1
                yield "x" * size
                await anyio.sleep(0)

    @strawberry.subscription
    async def silence(self, info: strawberry.Info) -> AsyncGenerator[int, None]:
        with info.context.probe.counted():
            await anyio.sleep_forever()
            yield 1

    @strawberry.subscription
    async def breaking(self) -> AsyncGenerator[int, None]:
        yield 1
        raise UnexpectedCondition("the password is swordfish")

    @strawberry.subscription
    async def vanishing(self) -> AsyncGenerator[int, None]:
        yield 1
        raise NotFound("book", 7)

    @strawberry.subscription
    async def never_begins(self) -> AsyncGenerator[int, None]:
        await anyio.sleep_forever()
        return numbers()

    @strawberry.subscription
    async def not_found(self) -> AsyncGenerator[int, None]:
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


def create_book_app(incoming: Path, probe: Probe | None = None, **settings: Any) -> Starlette:
    """Create an application that serves this graph. `settings` are passed to `TransportSettings`."""
    observed = probe or Probe()

    def context(_: Viewer, __: Exchange) -> Context:
        return Context(observed)

    token = settings.pop("access_token", None)
    limit = settings.get("limits", Limits()).max_upload_bytes
    transport = TransportSettings(incoming=IncomingFiles(incoming, limit), **settings)
    contexts = make_contexts(context, FakeAuthentication(token))
    return Starlette(
        routes=create_routes(SCHEMA, contexts, transport),
        middleware=create_middleware(transport, contexts.authenticate),
    )
