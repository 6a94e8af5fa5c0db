"""One world for each user: a server with an object in every place, which is restored after a successful mutation."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio import to_thread
from anyio.abc import TaskGroup

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from tests.accounts.server import open_access
from tests.isolation.marks import STREAMS, Marks, add_marks
from tests.isolation.matrix.id_arguments import IdArgument
from tests.isolation.matrix.objects import Ids, add_objects, other_than
from tests.isolation.matrix.rules import Object
from tests.isolation.two_users import TwoUsers, open_two_users

FIELDS = {"documentEvents": "documentId", "sessionEvents": "sessionId", "collectionEvents": "collectionId"}
NEW_FILE = ("new.txt", "Bolt Y takes 9 Nm.")
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class World:
    """A server, the ids of its objects, and what changed in it since it was restored."""

    user: str
    server: TwoUsers
    database: Database
    saved: Path
    ids: Ids
    marks: Marks
    rows: Rows = field(default_factory=dict)
    "The rows of all tables as they are restored."
    events: list[str] = field(default_factory=list)
    "The events that all observers received after their snapshots."

    def resolve(self, named: Object) -> str:
        return self.ids[named.kind, named.place]

    async def send(self, argument: IdArgument, global_id: str) -> str:
        """Execute the operation of an argument with an id as the user; return the body of the response."""
        document, variables = argument.document(), argument.variables(global_id, self.resolve)
        if argument.operation == "subscription":
            [payload] = await self.server.subscribe(self.user, document, variables, 1)
            return payload if payload.startswith('{"data"') else json.dumps({"errors": json.loads(payload)})
        if argument.field == "uploadDocument":
            return await upload(self.server.client, self.user, document, variables)
        return (await self.server.execute(self.user, document, variables))[1]

    async def is_unchanged(self) -> bool:
        """Return whether no row has changed and no event was sent."""
        await self.marks.pass_all()
        return not self.events and await read_rows(self.database) == self.rows

    async def restore(self) -> None:
        """Bring all rows back and forget the events."""
        await self.server.until_idle()
        await to_thread.run_sync(copy_database, self.saved, self.database.path)
        await self.write_originals()
        await self.server.members.refresh()
        await self.marks.pass_all()
        self.events.clear()

    async def write_originals(self) -> None:
        """Write the original of each document, so that it can be ingested again."""
        async with self.database.reading() as reader:
            digests = [row[0] for row in await fetch(reader, "SELECT sha256 FROM documents")]
        for each in digests:
            path = anyio.Path(self.server.ingestion.originals.path(each))
            await path.parent.mkdir(parents=True, exist_ok=True)
            await path.write_text("Bolt Z takes 11 Nm.")

    async def observe(self, tasks: TaskGroup) -> None:
        """Collect the events of all streams of the observers; return after the snapshots."""
        for user in self.marks.sessions:
            for name in STREAMS:
                started = anyio.Event()
                tasks.start_soon(self._collect, user, name, started)
                await started.wait()

    async def _collect(self, user: str, name: str, started: anyio.Event) -> None:
        async with aclosing(
            self.server.events(user, f"subscription {{ {name} {{ change {FIELDS[name]} }} }}", {})
        ) as events:
            async for event in events:
                if started.is_set() and not self.marks.is_mark(user, name, event):
                    self.events.append(event)
                elif "SNAPSHOT_END" in event:
                    started.set()


async def upload(
    client: httpx.AsyncClient, user: str, document: str, variables: dict[str, Any], file: tuple[str, str] = NEW_FILE
) -> str:
    """Upload a file with a name and a text; return the body of the response."""
    operations = json.dumps({"query": document, "variables": variables})
    parts = {"operations": operations, "map": json.dumps({"0": ["variables.input.file"]})}
    headers = {"authorization": f"Bearer {user}", "graphql-require-preflight": "1"}
    files = {"0": (file[0], file[1].encode(), "text/plain")}
    return (await client.post("/graphql", data=parts, files=files, headers=headers)).text


def copy_database(source: Path, target: Path) -> None:
    """Replace the content of a database file, which may be open, with that of another one."""
    with closing(sqlite3.connect(source)) as first, closing(sqlite3.connect(target)) as second:
        first.backup(second)


async def read_rows(database: Database) -> Rows:
    """Return the rows of all tables, without those that are parts of a full-text index."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"
    async with database.snapshot() as reader:
        names = [row[0] for row in await fetch(reader, tables)]
        return {name: [tuple(row) for row in await fetch(reader, f"SELECT * FROM {name}")] for name in names}


@asynccontextmanager
async def open_world(database: Database, folder: Path, user: str) -> AsyncIterator[World]:
    """Serve the world of a user, with observers of all events, while the block is open."""
    async with AsyncExitStack() as stack:
        access = await open_access(database, folder)
        server = await stack.enter_async_context(open_two_users(database, folder, access=access))
        ids = await add_objects(server, access, user)
        marks = await add_marks(server, sorted({"local", other_than(user), user}))
        world = World(user, server, database, folder / "saved.db", ids, marks)
        await to_thread.run_sync(copy_database, database.path, world.saved)
        world.rows = await read_rows(database)
        tasks = await stack.enter_async_context(anyio.create_task_group())
        await world.observe(tasks)
        await world.restore()
        yield world
        tasks.cancel_scope.cancel()
